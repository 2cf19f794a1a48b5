import { chmodSync, constants, copyFileSync, existsSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { lockFile } from './file-lock.ts';
import {
  draftOf,
  FILE_MODE,
  publish,
  removeDrafts,
  syncPath,
  translateFileError,
} from './files.ts';
import { readMarker, writeMarker } from './marker.ts';
import type { Owner } from './ownership.ts';
import { isPostgresUrl } from './postgres-url.ts';
import { isSameMark, type ReplaceOptions, restoredMissing } from './replace-options.ts';
import { replaceTables } from './replace-tables.ts';
import { type Mark, readState } from './schema-state.ts';
import { resolveFile, withReadOnlyFile } from './sqlite-backend.ts';
import { loadSqlite } from './sqlite-driver.ts';

/**
 * Puts a database in the place of another, which stays beside: its files under another name, its tables in
 * another schema; that is given. Called again after a crash at any point it goes on; once the new one is
 * there, it changes nothing. Throws `store_missing` when `from` is not what was decided on, `store_locked`,
 * and the faults of disk and database.
 */
export async function replaceDatabase(options: ReplaceOptions): Promise<string> {
  const { mark, owner, step = () => undefined } = options;
  const file = isPostgresUrl(options.to) ? undefined : resolveFile(options.to);
  const kept =
    file === undefined
      ? `the schema ${await replaceTables({ ...options, step })}`
      : await replaceFileOf(options, file, step);
  const markerFile = options.markerFile ?? (file === undefined ? undefined : `${file}.marker`);
  step('marker');
  const { databaseId } = mark;
  if (markerFile !== undefined && readMarkerOf(markerFile)?.databaseId !== databaseId) {
    writeMarker(markerFile, { owner, databaseId });
  }
  step('end');
  return kept;
}

async function replaceFileOf(
  { from, mark, owner, aside, clock }: ReplaceOptions,
  file: string,
  step: (name: string) => void,
): Promise<string> {
  const unlock = await lockFile(await loadSqlite(), file, clock);
  try {
    if (!isSameMark(await markOf(file, owner), mark)) {
      if (!isSameMark(await markOf(from, owner), mark)) {
        throw restoredMissing(from);
      }
      moveAside(file, aside, step);
      removeDrafts(file);
      const draft = draftOf(file);
      step('copy');
      copyPrivately(from, draft);
      step('publish');
      publish(draft, file);
    }
    return `${file}${aside}`;
  } finally {
    unlock();
  }
}

function readMarkerOf(markerFile: string): { readonly databaseId: string } | undefined {
  try {
    return readMarker(markerFile);
  } catch {
    // A damaged one is written anew.
    return undefined;
  }
}

async function markOf(file: string, owner: Owner): Promise<Mark | undefined> {
  if (!existsSync(file)) {
    return undefined;
  }
  try {
    const state = await withReadOnlyFile(file, (session) => readState(session, owner, file));
    return state.kind === 'ours' ? state.mark : undefined;
  } catch {
    // What is damaged or another's is replaced as well: it stays beside.
    return undefined;
  }
}

/** The log goes first: a database whose log is gone only lacks its last writes, one beside a foreign log is lost. */
function moveAside(file: string, aside: string, step: (name: string) => void): void {
  try {
    for (const ending of ['-wal', '-shm', '']) {
      step(`aside${ending}`);
      const target = `${file}${aside}${ending}`;
      if (!existsSync(`${file}${ending}`)) {
        continue;
      }
      if (!existsSync(target)) {
        renameSync(`${file}${ending}`, target);
      } else if (ending !== '') {
        // The old log is aside already; this one came from looking at the database after a crash.
        rmSync(`${file}${ending}`);
      }
    }
    syncPath(path.dirname(file));
  } catch (error) {
    throw translateFileError(error, file);
  }
}

function copyPrivately(from: string, to: string): void {
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL);
    chmodSync(to, FILE_MODE);
    syncPath(to);
  } catch (error) {
    throw translateFileError(error, to);
  }
}
