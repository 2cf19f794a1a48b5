import { chmodSync, constants, copyFileSync, existsSync } from 'node:fs';
import type { Clock } from '@cl-hive/core';
import type { OpenContext, StoreLog } from './backend.ts';
import { inTransaction } from './backend.ts';
import { verifyBackup } from './backup.ts';
import { type BackupManifest, MANIFEST_TABLE } from './backup-manifest.ts';
import { listTables } from './catalog.ts';
import { storeError } from './errors.ts';
import { lockFile } from './file-lock.ts';
import {
  draftOf,
  existsError,
  FILE_MODE,
  publish,
  removeDrafts,
  translateFileError,
} from './files.ts';
import { readMarker, writeMarker } from './marker.ts';
import { checkMigrations, type Migration } from './migration.ts';
import { raiseGeneration } from './migrator.ts';
import type { Owner } from './ownership.ts';
import { checkRows } from './portable-copy.ts';
import { connectWriter } from './postgres-backend.ts';
import { fillPostgres } from './postgres-fill.ts';
import { isPostgresUrl } from './postgres-url.ts';
import { checkApplied, readState } from './schema-state.ts';
import { resolveFile, withReadOnlyFile, withSqliteFile } from './sqlite-backend.ts';
import { loadSqlite } from './sqlite-driver.ts';

/** What a backup is restored with. */
export interface RestoreOptions {
  /** The backup. */
  readonly from: string;
  /** Where there is no database: a path, or a `postgres://` URL whose schema has no tables. */
  readonly to: string;
  readonly owner: Owner;
  /** The program's migrations; the backup's schema version must be among them. */
  readonly migrations: readonly Migration[];
  readonly clock: Clock;
  readonly log: StoreLog;
  /** As for opening the store. */
  readonly markerFile?: string;
  /** Lowest generation of the new database: one above any that was ever used here. */
  readonly generationAtLeast?: number;
}

/**
 * Makes a new database from a backup, of either database system on either. The backup is verified
 * before, the rows of the new database after, and only a whole one gets its name; it has the backup's
 * schema version and a generation one higher. Throws `store_exists`, `store_backup_invalid`,
 * `store_foreign`, `store_newer`, and the faults of disk and database; nothing is changed then.
 */
export async function restoreBackup(options: RestoreOptions): Promise<BackupManifest> {
  checkMigrations(options.migrations);
  const manifest = await verifyBackup(options.from);
  await checkBackup(options, manifest);
  if (isPostgresUrl(options.to)) {
    await restoreToPostgres(options, manifest);
    remember(options.markerFile, manifest);
  } else {
    const file = resolveFile(options.to);
    await restoreToSqlite(options, manifest, file);
    remember(options.markerFile ?? `${file}.marker`, manifest);
  }
  return manifest;
}

async function checkBackup(options: RestoreOptions, manifest: BackupManifest): Promise<void> {
  const { owner, migrations, from } = options;
  if (manifest.owner !== owner) {
    throw storeError(
      'store_foreign',
      `the backup ${from} was made by ${manifest.owner}, not by ${owner}`,
      `give a backup of ${owner}`,
      { data: { place: from, owner, found: manifest.owner } },
    );
  }
  const state = await withReadOnlyFile(from, (session) => readState(session, owner, from));
  if (state.kind === 'ours') {
    checkApplied(state.applied, migrations, owner, from);
  }
}

function remember(markerFile: string | undefined, { owner, databaseId }: BackupManifest): void {
  if (markerFile === undefined) {
    return;
  }
  const marker = readMarker(markerFile);
  if (marker?.databaseId !== databaseId || marker.owner !== owner) {
    writeMarker(markerFile, { owner, databaseId });
  }
}

async function restoreToSqlite(
  { from, clock, owner, generationAtLeast }: RestoreOptions,
  manifest: BackupManifest,
  file: string,
): Promise<void> {
  const unlock = await lockFile(await loadSqlite(), file, clock);
  try {
    const taken = [file, `${file}-wal`, `${file}-journal`].find((name) => existsSync(name));
    if (taken !== undefined) {
      throw existsError(taken);
    }
    removeDrafts(file);
    const draft = draftOf(file);
    copyPrivately(from, draft);
    await withSqliteFile(draft, clock, async (session) => {
      session.run(`drop table ${MANIFEST_TABLE}`);
      await checkRows(session, manifest.tables, draft);
      await raiseGeneration(session, owner, generationAtLeast);
    });
    publish(draft, file);
  } finally {
    removeDrafts(file);
    unlock();
  }
}

function copyPrivately(from: string, to: string): void {
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL);
    chmodSync(to, FILE_MODE);
  } catch (error) {
    throw translateFileError(error, to);
  }
}

async function restoreToPostgres(options: RestoreOptions, manifest: BackupManifest): Promise<void> {
  const { from, to, owner } = options;
  const context: OpenContext = { ...options, markerFile: options.markerFile };
  const writer = await connectWriter(to, context);
  try {
    await inTransaction(writer, async () => {
      const { session } = writer;
      const [taken] = await listTables(session);
      if (taken !== undefined) {
        throw existsError(`the table ${taken} in ${writer.place}`);
      }
      const { schemaVersion: version, tables } = manifest;
      await fillPostgres(session, context, { from, version, tables }, writer.place);
      await raiseGeneration(session, owner, options.generationAtLeast);
    });
  } finally {
    await writer.end();
  }
}
