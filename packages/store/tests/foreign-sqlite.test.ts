import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isCodedError } from '@cl-hive/core';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { readForeignSqlite } from '../src/index.ts';
import { loadSqlite } from '../src/sqlite-driver.ts';
import { writeSqliteFile } from '../src/testing/index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'foreign-'));
  mkdirSync(path.join(folder, 'tmp'));
  vi.stubEnv('TMPDIR', path.join(folder, 'tmp'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const table = (name: string, ...columns: readonly string[]) => ({ name, columns, limit: 2 });

it('reads what is committed while another program writes, the last rows first', async () => {
  const file = path.join(folder, 'other.db');
  await writeSqliteFile(file, `create table t (a integer, b text); insert into t values (1, 'x');`);
  const Sqlite = await loadSqlite();
  const writer = new Sqlite(file);
  writer.exec("insert into t values (9007199254740993, null), (3, x'00')");
  writer.exec('begin immediate; insert into t values (4, null)');
  try {
    const found = await readForeignSqlite(file, [table('t', 'a', 'gone'), table('none', 'a')]);
    expect([...found]).toEqual([['t', [{ a: 3n }, { a: 9_007_199_254_740_993n }]]]);
  } finally {
    writer.close();
  }
});

it('names what it cannot read, and leaves no copy behind', async () => {
  const code = async (file: string): Promise<unknown> =>
    readForeignSqlite(file, [table('t', 'a')]).then(
      () => 'read',
      (error: unknown) => (isCodedError(error) ? error.code : error),
    );
  const link = path.join(folder, 'link.db');
  symlinkSync('/nowhere', link);
  expect(await code(path.join(folder, 'none'))).toBe('store_missing');
  expect(await code(folder)).toBe('store_missing');
  expect(await code(link)).toBe('store_missing');
  expect(await code(new URL(import.meta.url).pathname)).toBe('store_not_a_database');
  expect(readdirSync(path.join(folder, 'tmp'))).toEqual([]);
});
