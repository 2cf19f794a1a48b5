import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Migration } from '../src/index.ts';
import { runStoreProgram } from '../src/program/index.ts';

const migrations: readonly Migration[] = [
  {
    id: 1,
    name: 'things',
    sql: (ddl) => [
      ddl.table(
        'hive_things',
        `name ${ddl.text} primary key`,
        `kind ${ddl.text} not null check (kind in ('a', 'b'))`,
        `${ddl.msat('amount_msat')} not null`,
      ),
    ],
  },
];

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'hive-store-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function run(...words: readonly string[]) {
  const lines: string[] = [];
  const errors: string[] = [];
  const code = await runStoreProgram({ owner: 'cl-hive', migrations }, words, {
    out: (line) => void lines.push(line),
    err: (line) => void errors.push(line),
  });
  return { code, out: lines.join('\n'), err: errors.join('\n') };
}

describe("a plugin's store program", () => {
  it('fills, backs up while it is written to, restores and compares', async () => {
    const begun = JSON.parse((await run('drill-begin', folder)).out);
    expect(begun).toMatchObject({ schema_version: 1, empty: [] });
    expect(begun.written_meanwhile).toBeGreaterThan(0);
    const ended = JSON.parse((await run('drill-end', folder)).out);
    expect(ended.integrity).toBe('ok');
    expect(ended.tables).toEqual([
      expect.objectContaining({ name: 'hive_things', rows: 5, restored: ended.tables[0].backup }),
      // What stood in the log when the backup was made: a copy of the file alone would lack it.
      expect.objectContaining({
        name: '(written meanwhile)',
        rows: begun.written_meanwhile,
        restored: ended.tables[1].backup,
      }),
    ]);
  });

  it('RG-06: refuses a damaged backup, and restores nothing', async () => {
    await run('drill-begin', folder);
    const backup = path.join(folder, 'quiet.backup');
    const bytes = readFileSync(backup);
    bytes.fill(0x55, bytes.indexOf('name 0 '), bytes.indexOf('name 0 ') + 4);
    writeFileSync(backup, bytes);
    expect((await run('verify', backup)).code).toBe(1);
    const { code, err } = await run('restore', backup, path.join(folder, 'new.sqlite3'));
    expect(code).toBe(1);
    expect(err).toMatch(/^store_/);
    expect((await run('drill-end', folder)).code).toBe(1);
  });

  it('backs up, verifies and restores by hand, and overwrites nothing', async () => {
    const made = JSON.parse((await run('drill-newer', folder)).out) as string;
    const refused = await run('backup', made, path.join(folder, 'b'));
    expect([refused.code, refused.err.split(':')[0]]).toEqual([1, 'store_newer']);
    await run('drill-begin', folder);
    const source = path.join(folder, 'source.sqlite3');
    const backup = path.join(folder, 'own.backup');
    expect((await run('backup', source, backup)).code).toBe(0);
    expect((await run('backup', source, backup)).err).toMatch(/^store_exists/);
    expect((await run('verify', backup)).code).toBe(0);
    const restored = path.join(folder, 'restored-by-hand.sqlite3');
    expect((await run('restore', backup, restored)).code).toBe(0);
    expect((await run('restore', backup, source)).err).toMatch(/^store_exists/);
  });

  it('makes a database of another program, which it then refuses as its own, and overwrites none', async () => {
    const [sql, file] = [path.join(folder, 'a.sql'), path.join(folder, 'a.db')];
    writeFileSync(
      sql,
      'create table notes (id integer primary key); insert into notes values (1);',
    );
    expect(JSON.parse((await run('drill-foreign', sql, file)).out)).toBe(file);
    const before = readFileSync(file);
    expect((await run('drill-foreign', sql, file)).err).toMatch(/^store_exists/);
    expect((await run('backup', file, path.join(folder, 'b'))).err).toMatch(/^store_/);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it.each([[[]], [['backup', 'x']], [['erase', 'x']]])(
    'tells how to use it for %j',
    async (words) => {
      const { code, err } = await run(...words);
      expect(code).toBe(3);
      expect(err).toContain('hive-store.js restore');
    },
  );
});
