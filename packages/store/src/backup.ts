import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '@cl-hive/core';
import type { Pin } from './backend.ts';
import {
  type BackupManifest,
  MANIFEST_TABLE,
  makeManifest,
  readManifest,
  writeManifest,
} from './backup-manifest.ts';
import { listTables } from './catalog.ts';
import { digestTables, firstDifference } from './digest.ts';
import { storeError } from './errors.ts';
import { createFile, draftOf, ensureFolder, existsError, publish, removeDrafts } from './files.ts';
import type { Owner } from './ownership.ts';
import { readState } from './schema-state.ts';
import type { Session } from './session.ts';
import { checkPages, withReadOnlyFile, withSqliteFile } from './sqlite-backend.ts';

/**
 * Writes a backup of what is pinned to the new file `to`: an SQLite file on both databases, with the manifest inside,
 * mode 0600, complete or not there at all. Throws `store_exists` and the faults of disk and database.
 */
export async function writeBackup(
  pin: Pin,
  { owner, clock }: { readonly owner: Owner; readonly clock: Clock },
  to: string,
): Promise<BackupManifest> {
  const target = path.resolve(to);
  ensureFolder(path.dirname(target));
  if (existsSync(target)) {
    throw existsError(target);
  }
  removeDrafts(target);
  const draft = draftOf(target);
  createFile(draft);
  try {
    const takenAt = clock.now();
    await pin.copy(draft);
    const manifest = await seal(draft, owner, takenAt, clock);
    publish(draft, target);
    return manifest;
  } finally {
    removeDrafts(target);
  }
}

async function seal(
  draft: string,
  owner: Owner,
  takenAt: number,
  clock: Clock,
): Promise<BackupManifest> {
  const manifest = await withSqliteFile(draft, clock, async (session) => {
    const state = await readState(session, owner, draft);
    if (state.kind === 'empty') {
      throw storeError('store_missing', 'there is nothing to back up', 'restore an older backup');
    }
    const { databaseId, generation } = state.mark;
    const about = { owner, databaseId, generation, takenAt, schemaVersion: state.applied.length };
    const sealed = makeManifest(about, await digestTables(session, await listTables(session)));
    await writeManifest(session, sealed);
    return sealed;
  });
  await withReadOnlyFile(draft, (session) => checkManifest(session, draft));
  return manifest;
}

/**
 * Reads a backup wholly: structure, manifest, and every row of every table against it. Throws
 * `store_backup_invalid`, or `store_corrupt` and `store_not_a_database` where SQLite finds damage.
 */
export async function verifyBackup(file: string): Promise<BackupManifest> {
  return withReadOnlyFile(file, async (session) => {
    checkPages(session, file);
    return checkManifest(session, file);
  });
}

/** Reads every row, in steps that leave the event loop free, unlike the check of all pages. */
async function checkManifest(session: Session, file: string): Promise<BackupManifest> {
  const manifest = await readManifest(session, file);
  const tables = (await listTables(session)).filter((name) => name !== MANIFEST_TABLE);
  const table = firstDifference(manifest.tables, await digestTables(session, tables));
  if (table !== undefined) {
    throw storeError(
      'store_backup_invalid',
      `the table ${table} in the backup ${file} does not hold the rows that its manifest names`,
      'use another backup',
      { data: { place: file, table } },
    );
  }
  return manifest;
}
