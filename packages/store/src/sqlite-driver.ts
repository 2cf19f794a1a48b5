import path from 'node:path';
import { describeError } from '@cl-hive/core';
import type BetterSqlite3 from 'better-sqlite3';
import { storeError } from './errors.ts';

/** A connection of better-sqlite3. */
export type SqliteDatabase = BetterSqlite3.Database;

/** The constructor that better-sqlite3 exports. */
export type SqliteModule = typeof BetterSqlite3;

/**
 * Loads better-sqlite3, native part included; only called when a database is opened, because the
 * plugin has to answer `getmanifest` before. Throws `store_native` with the remedy.
 */
export async function loadSqlite(
  load: () => Promise<{ readonly default: SqliteModule }> = () => import('better-sqlite3'),
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
      `run \`npm rebuild better-sqlite3\` in ${folder}, or start the plugin with the Node version it was built for`,
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
    `run \`npm rebuild better-sqlite3\` in ${folder}; it needs a C++ compiler, make and python3 where no ready-made binary fits`,
    options,
  );
}
