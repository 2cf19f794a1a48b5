import { chmodSync, constants, copyFileSync, existsSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '@cl-hive/core';
import { storeError } from './errors.ts';
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
import { type Mark, readState } from './schema-state.ts';
import { resolveFile, withReadOnlyFile } from './sqlite-backend.ts';
import { loadSqlite } from './sqlite-driver.ts';

/** What a database is replaced with. */
export interface ReplaceOptions {
  /** A database that `restoreBackup` made; it stays where it is. */
  readonly from: string;
  /** Its mark, as it was when the replacement was decided. */
  readonly mark: { readonly databaseId: string; readonly generation: number };
  /** The path of the database to replace, or where none is. */
  readonly to: string;
  readonly owner: Owner;
  /** Added to the names of the old database's files, which stay beside. */
  readonly aside: string;
  readonly clock: Clock;
  /** Called before each step; for tests that end the process there. */
  readonly step?: (name: string) => void;
}

/**
 * Puts a database in the place of another, whose files stay beside under another name. Called again after
 * a crash at any point it goes on; once the new one is there, it changes nothing. Throws
 * `store_missing` when `from` is not what was decided on, `store_locked`, and the faults of the disk.
 */
export async function replaceDatabase(options: ReplaceOptions): Promise<void> {
  const { from, mark, owner, aside, clock, step = () => undefined } = options;
  const file = resolveFile(options.to);
  const unlock = await lockFile(await loadSqlite(), file, clock);
  try {
    if (!sameMark(await markOf(file, owner), mark)) {
      if (!sameMark(await markOf(from, owner), mark)) {
        throw storeError(
          'store_missing',
          `the restored database ${from} is not there any more, or is another one`,
          'restore the backup once more',
          { data: { place: from } },
        );
      }
      moveAside(file, aside, step);
      removeDrafts(file);
      const draft = draftOf(file);
      step('copy');
      copyPrivately(from, draft);
      step('publish');
      publish(draft, file);
    }
    step('marker');
    const { databaseId } = mark;
    if (readMarkerOf(file)?.databaseId !== databaseId) {
      writeMarker(`${file}.marker`, { owner, databaseId });
    }
    step('end');
  } finally {
    unlock();
  }
}

function readMarkerOf(file: string): { readonly databaseId: string } | undefined {
  try {
    return readMarker(`${file}.marker`);
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

function sameMark(found: Mark | undefined, wanted: ReplaceOptions['mark']): boolean {
  return found?.databaseId === wanted.databaseId && found.generation === wanted.generation;
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
