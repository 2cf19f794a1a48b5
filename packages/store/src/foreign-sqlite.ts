import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describeError } from '@cl-hive/core';
import { storeError } from './errors.ts';
import { quoteName } from './session.ts';
import { loadSqlite, type SqliteDatabase } from './sqlite-driver.ts';

/** What to read of a table: its columns and at most so many rows, the last ones first. */
export interface ForeignTable {
  readonly name: string;
  readonly columns: readonly string[];
  readonly limit: number;
}

/** Rows by column; a column that the table lacks is absent. */
export type ForeignRow = Readonly<Record<string, unknown>>;

/**
 * Reads tables of another program's SQLite database from a consistent copy, which is deleted
 * afterwards; the database itself is opened read-only, and may be in use. Tables that are not there
 * are absent. Integers come as bigint. Throws `store_missing`, `store_not_a_database`.
 */
export async function readForeignSqlite(
  file: string,
  tables: readonly ForeignTable[],
): Promise<ReadonlyMap<string, readonly ForeignRow[]>> {
  const Sqlite = await loadSqlite();
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() !== true) {
    throw storeError('store_missing', `there is no file ${file}`, 'name the database itself');
  }
  const folder = await mkdtemp(path.join(tmpdir(), 'cl-hive-import-'));
  try {
    const copy = path.join(folder, 'copy.sqlite3');
    const source = new Sqlite(file, { readonly: true, fileMustExist: true });
    try {
      await source.backup(copy);
    } finally {
      source.close();
    }
    const database = new Sqlite(copy, { readonly: true });
    try {
      return readAll(database, tables);
    } finally {
      database.close();
    }
  } catch (cause) {
    throw storeError(
      'store_not_a_database',
      `${file} could not be read: ${describeError(cause)}`,
      'name an SQLite database that this user may read',
      { cause },
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function readAll(
  database: SqliteDatabase,
  tables: readonly ForeignTable[],
): ReadonlyMap<string, readonly ForeignRow[]> {
  const read = new Map<string, readonly ForeignRow[]>();
  for (const { name, columns, limit } of tables) {
    const has = database
      .prepare(`select name from pragma_table_info(?)`)
      .all(name)
      .map((row) => (row as { readonly name: string }).name);
    const wanted = columns.filter((column) => has.includes(column)).map(quoteName);
    if (wanted.length > 0) {
      const sql = `select ${wanted.join(', ')} from ${quoteName(name)} order by rowid desc limit ?`;
      read.set(name, database.prepare(sql).safeIntegers().all(limit) as ForeignRow[]);
    }
  }
  return read;
}
