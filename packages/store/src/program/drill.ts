import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '@cl-hive/core';
import { verifyBackup } from '../backup.ts';
import { MANIFEST_TABLE } from '../backup-manifest.ts';
import { listTables } from '../catalog.ts';
import { DigestBuilder, digestTables, type TableDigest } from '../digest.ts';
import { createFile, existsError } from '../files.ts';
import { DRILL_WRITES_MAX } from '../limits.ts';
import type { Migration } from '../migration.ts';
import { markTable, migrationsTable, type Owner } from '../ownership.ts';
import { restoreBackup } from '../restore.ts';
import { withReadOnlyFile, withSqliteFile } from '../sqlite-backend.ts';
import { loadSqlite } from '../sqlite-driver.ts';
import { openStore } from '../store.ts';
import { fillTable } from './sample-rows.ts';

/** Whose store a program works on. */
export interface StoreFacts {
  readonly owner: Owner;
  readonly migrations: readonly Migration[];
  readonly clock: Clock;
}

/** What the first half of a drill made. */
export interface DrillBegun {
  /** Taken while transactions were committed, and after them. */
  readonly backups: readonly string[];
  readonly schema_version: number;
  readonly written_meanwhile: number;
  /** Tables that took no row, so that nothing is shown of them. */
  readonly empty: readonly string[];
}

/** What the second half compared. */
export interface DrillEnded {
  readonly tables: readonly {
    readonly name: string;
    readonly rows: number;
    readonly backup: string;
    readonly restored: string;
  }[];
  readonly integrity: string;
}

const SOURCE = 'source.sqlite3';
const RESTORED = 'restored.sqlite3';
const log = (): void => undefined;

/** Tables whose rows the store itself keeps, and raises at a restore. */
function storeTables(owner: Owner): readonly string[] {
  return [markTable(owner), migrationsTable(owner), MANIFEST_TABLE];
}

/**
 * Makes a database at the production schema in the empty folder, fills every table, backs it up while
 * transactions are committed, and once more afterwards.
 */
export async function beginDrill(facts: StoreFacts, folder: string): Promise<DrillBegun> {
  const { owner, migrations, clock } = facts;
  const location = path.join(folder, SOURCE);
  await (await openStore({ location, owner, migrations, clock, log })).close();
  const empty = await withSqliteFile(location, clock, async (session) => {
    const unfilled: string[] = [];
    for (const table of await listTables(session)) {
      if (!storeTables(owner).includes(table) && (await fillTable(session, table)) === 0) {
        unfilled.push(table);
      }
    }
    return unfilled;
  });
  const store = await openStore<Record<string, Record<string, unknown>>>({
    location,
    owner,
    migrations,
    clock,
    log,
  });
  try {
    const busy = path.join(folder, 'busy.backup');
    const quiet = path.join(folder, 'quiet.backup');
    let written = 0;
    const state = { done: false };
    const backing = store.backup(busy).finally(() => {
      state.done = true;
    });
    do {
      await store.transact(async (tx) => {
        await tx
          .insertInto(markTable(owner))
          .values({ key: `drill_${written}`, value: String(written) })
          .execute();
      });
      written += 1;
      // SQLite's backup goes on between turns of the event loop, which microtasks alone never end.
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    } while (!state.done && written < DRILL_WRITES_MAX);
    const { schemaVersion } = await backing;
    await store.backup(quiet);
    const backups = [busy, quiet];
    return { backups, schema_version: schemaVersion, written_meanwhile: written, empty };
  } finally {
    await store.close();
  }
}

/** Restores both backups into new files and compares the rows of the last with the database. */
export async function endDrill(facts: StoreFacts, folder: string): Promise<DrillEnded> {
  const { owner } = facts;
  await restore(facts, path.join(folder, 'busy.backup'), path.join(folder, 'busy.sqlite3'));
  const restored = path.join(folder, RESTORED);
  await restore(facts, path.join(folder, 'quiet.backup'), restored);
  const source = path.join(folder, SOURCE);
  const before = [...(await digestsOf(source, owner)), await digestWritten(source, owner)];
  const after = [...(await digestsOf(restored, owner)), await digestWritten(restored, owner)];
  const tables = before.map(({ name, rows, digest }) => ({
    name,
    rows,
    backup: digest,
    restored: after.find((table) => table.name === name)?.digest ?? '0'.repeat(64),
  }));
  const integrity = await withReadOnlyFile(restored, async (session) =>
    String(Object.values(session.run('pragma integrity_check(1)').rows[0] ?? {})[0]),
  );
  return { tables, integrity };
}

async function restore(
  { owner, migrations, clock }: StoreFacts,
  from: string,
  to: string,
): Promise<void> {
  await verifyBackup(from);
  await restoreBackup({ from, to, owner, migrations, clock, log });
}

async function digestsOf(file: string, owner: Owner): Promise<readonly TableDigest[]> {
  return withReadOnlyFile(file, async (session) => {
    const tables = await listTables(session);
    return digestTables(
      session,
      tables.filter((table) => !storeTables(owner).includes(table)),
    );
  });
}

/**
 * The rows that were committed while the first backup was made, as a table of their own: they were in the
 * log when the second one began, and a backup that copies the file without its log lacks them.
 */
async function digestWritten(file: string, owner: Owner): Promise<TableDigest> {
  return withReadOnlyFile(file, async (session) => {
    const builder = new DigestBuilder(['key', 'value']);
    const { rows } = session.run(
      `select key, value from ${markTable(owner)} where key like 'drill_%'`,
    );
    for (const { key, value } of rows) {
      builder.add([String(key), String(value)]);
    }
    return builder.finish('(written meanwhile)');
  });
}

/** Makes a database in the folder as a release with one migration more would leave it; gives its path. */
export async function makeNewer(facts: StoreFacts, folder: string): Promise<string> {
  const { owner, migrations, clock } = facts;
  const location = path.join(folder, 'newer.sqlite3');
  const newer = [
    ...migrations,
    { id: migrations.length + 1, name: 'of-a-newer-release', sql: () => [] },
  ];
  await (await openStore({ location, owner, migrations: newer, clock, log })).close();
  return location;
}

/**
 * Makes `file` as another program would leave it, from the statements in the file `statements`, for
 * drills of taking such a database over; gives its path. Throws `store_exists`.
 */
export async function makeForeign(statements: string, file: string): Promise<string> {
  const text = readFileSync(statements, 'utf8');
  const Sqlite = await loadSqlite();
  if (!createFile(file)) {
    throw existsError(file);
  }
  const database = new Sqlite(file);
  try {
    database.exec(text);
  } finally {
    database.close();
  }
  return file;
}
