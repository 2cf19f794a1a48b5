import path from 'node:path';
import { describeError } from '@cl-hive/core';
import type BetterSqlite3 from 'better-sqlite3';
import { storeError } from './errors.ts';

/** A connection of better-sqlite3. */
export type SqliteDatabase = BetterSqlite3.Database;

/** The constructor that better-sqlite3 exports. */
export type SqliteModule = typeof BetterSqlite3;

/**
 * better-sqlite3 13 stands on Node-API: one ready-made binary for Node 22 and every later one, but it
 * crashes Node 20. Version 12, compiled for one Node version each, aborts the process in garbage
 * collection since Node 24.19 (nodejs/node#65446).
 */
export const SQLITE_PACKAGE =
  Number(process.versions.node.split('.')[0]) >= 22 ? 'better-sqlite3-napi' : 'better-sqlite3';

function importSqlite(): Promise<{ readonly default: SqliteModule }> {
  return SQLITE_PACKAGE === 'better-sqlite3'
    ? import('better-sqlite3')
    : import('better-sqlite3-napi');
}

/**
 * Loads better-sqlite3, native part included; only called when a database is opened, because the
 * plugin has to answer `getmanifest` before. Throws `store_native` with the remedy.
 */
export async function loadSqlite(
  load: () => Promise<{ readonly default: SqliteModule }> = importSqlite,
  folder: string = path.dirname(path.resolve(process.argv[1] ?? '.')),
): Promise<SqliteModule> {
  try {
    const module = (await load()).default;
    new module(':memory:').close();
    return module;
  } catch (cause) {
    throw nativeError(cause, folder);
  }
}

function nativeError(cause: unknown, folder: string): Error {
  const text = describeError(cause);
  const here = `this is Node ${process.versions.node}, module version ${process.versions.modules}`;
  const options = { cause, data: { folder, node: process.versions.node } };
  if (/NODE_MODULE_VERSION/.test(text)) {
    return storeError(
      'store_native',
      `the native part of better-sqlite3 was built for another Node version (${here})`,
      `run \`npm rebuild ${SQLITE_PACKAGE}\` in ${folder}, or start the plugin with the Node version it was built for`,
      options,
    );
  }
  if (/Cannot find (?:package|module)/.test(text)) {
    return storeError(
      'store_native',
      'better-sqlite3, which reads and writes the database, is not installed',
      `run \`npm install\` in ${folder}`,
      options,
    );
  }
  return storeError(
    'store_native',
    `the native part of better-sqlite3 does not load (${here}): ${text.split('\n')[0] ?? ''}`,
    `run \`npm rebuild ${SQLITE_PACKAGE}\` in ${folder}; it needs a C++ compiler, make and python3 where no ready-made binary fits`,
    options,
  );
}
