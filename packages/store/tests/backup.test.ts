import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { msat } from '@cl-hive/core';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeMsat, openStore, restoreBackup, type Store, verifyBackup } from '../src/index.ts';
import { loadSqlite } from '../src/sqlite-driver.ts';
import { DATABASE_KINDS, type DatabaseKind, TestDatabases } from '../src/testing/index.ts';
import { FIRST, failure, MIGRATIONS, options, type Schema } from './support/schema.ts';

const SqliteModule = await loadSqlite();

const databases: Record<DatabaseKind, TestDatabases> = {
  sqlite: new TestDatabases('sqlite'),
  postgres: new TestDatabases('postgres'),
};
const open = new Set<Store<Schema>>();
let names = 0;

afterAll(async () => {
  await Promise.all([...open].map((store) => store.close()));
  await databases.sqlite.remove();
  await databases.postgres.remove();
});

async function start(...args: Parameters<typeof options>): Promise<Store<Schema>> {
  const store = await openStore<Schema>(options(...args));
  open.add(store);
  return store;
}

async function newPath(): Promise<string> {
  names += 1;
  return path.join(await databases.sqlite.folder(), `backups-${names}`, 'backup.sqlite3');
}

async function contents(store: Store<Schema>) {
  const peers = await store.reader.selectFrom('hive_peers').selectAll().orderBy('id').execute();
  const payments = await store.reader
    .selectFrom('hive_payments')
    .selectAll()
    .orderBy('id')
    .execute();
  return { peers, payments };
}

/** Rows of every type, more than one turn of the copying loop, and a key above all that are left. */
async function fill(store: Store<Schema>, count: number): Promise<void> {
  await store.transact(async (tx) => {
    for (let n = 0; n < count; n += 1) {
      const alias = n % 3 === 0 ? null : `ü ' " \n ${n}`;
      await tx
        .insertInto('hive_peers')
        .values({ id: `p${n}`, alias, seen: -n })
        .execute();
      await tx
        .insertInto('hive_payments')
        .values({
          peer: `p${n}`,
          amount_msat: encodeMsat(msat(2n ** 64n - 1n - BigInt(n))),
          ratio: n % 2 === 0 ? null : n / 7,
          proof: n % 5 === 0 ? null : randomBytes(n % 40),
        })
        .execute();
    }
    await tx
      .deleteFrom('hive_payments')
      .where('id', '>', count - 3)
      .execute();
  });
}

describe.each(DATABASE_KINDS)('a backup of %s', (kind) => {
  it('is one private file with a manifest that verifies', async () => {
    const store = await start(await databases[kind].location());
    await fill(store, 30);
    const to = await newPath();
    const manifest = await store.backup(to);
    const { databaseId } = await store.info();
    expect(manifest).toMatchObject({ owner: 'cl-hive', schemaVersion: 2, databaseId });
    expect(manifest.tables.map(({ name, rows }) => [name, rows])).toEqual([
      ['hive_migrations', 2],
      ['hive_payments', 27],
      ['hive_peers', 31],
      ['hive_store', 4],
    ]);
    expect(await verifyBackup(to)).toEqual(manifest);
    expect(statSync(to).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(to)).mode & 0o777).toBe(0o700);
    expect(readdirSync(path.dirname(to))).toEqual(['backup.sqlite3']);
  });

  it('never overwrites', async () => {
    const store = await start(await databases[kind].location());
    const to = await newPath();
    await store.backup(to);
    const before = readFileSync(to);
    expect(await failure(store.backup(to))).toMatchObject({ code: 'store_exists' });
    expect(readFileSync(to).equals(before)).toBe(true);
  });

  it('is of one moment while transactions go on', async () => {
    const store = await start(await databases[kind].location());
    await fill(store, 1500);
    const state = { writing: true };
    let round = 0;
    // Both tables change together; a copy of two moments would show different numbers.
    const write = async () => {
      await store.transact(async (tx) => {
        const seen = round + 1;
        await tx.updateTable('hive_peers').set({ seen }).where('id', 'like', 'p1%').execute();
        await tx.updateTable('hive_payments').set({ ratio: seen }).where('id', '<', 900).execute();
      });
      round += 1;
      await new Promise(setImmediate);
    };
    await write();
    const writer = (async () => {
      while (state.writing) {
        await write();
      }
    })();
    for (let n = 0; n < 3; n += 1) {
      const to = await newPath();
      const before = round;
      await store.backup(to);
      expect(round).toBeGreaterThan(before);
      const db = new SqliteModule(to, { readonly: true });
      const column = (sql: string) => db.prepare(sql).pluck().all();
      const seen = column("select distinct seen from hive_peers where id like 'p1%'");
      const ratio = column('select distinct ratio from hive_payments where id < 900');
      db.close();
      expect(seen).toHaveLength(1);
      expect(ratio).toEqual(seen);
    }
    state.writing = false;
    await writer;
  });

  it('is written once when it is asked for twice at the same place', async () => {
    const store = await start(await databases[kind].location());
    await fill(store, 200);
    const to = await newPath();
    const both = await Promise.allSettled([store.backup(to), store.backup(to)]);
    expect(both.map((result) => result.status)).toEqual(['fulfilled', 'rejected']);
    expect(both[1]).toMatchObject({ reason: { code: 'store_exists' } });
    await verifyBackup(to);
  });

  it('is waited for by close', async () => {
    const store = await start(await databases[kind].location());
    await fill(store, 200);
    const to = await newPath();
    const backup = store.backup(to);
    await store.close();
    await backup;
    expect((await verifyBackup(to)).tables).toHaveLength(4);
  });

  it.each(DATABASE_KINDS)('is restored on %s, row by row, and used on', async (target) => {
    const store = await start(await databases[kind].location());
    await fill(store, 700);
    const to = await newPath();
    const manifest = await store.backup(to);
    const location = await databases[target].location();
    expect(await restoreBackup({ ...options(''), from: to, to: location })).toEqual(manifest);
    const restored = await start(location);
    expect(await contents(restored)).toEqual(await contents(store));
    const info = await restored.info();
    expect(info).toMatchObject({ generation: 1, databaseId: manifest.databaseId });
    const add = async (into: Store<Schema>) =>
      into.transact((tx) =>
        tx
          .insertInto('hive_payments')
          .values({ peer: 'seed', amount_msat: encodeMsat(msat(1)) })
          .returning('id')
          .executeTakeFirstOrThrow(),
      );
    expect(await add(restored)).toEqual(await add(store));
    const bad = restored.transact((tx) =>
      tx
        .insertInto('hive_payments')
        .values({ peer: 'nobody', amount_msat: encodeMsat(msat(1)) })
        .execute(),
    );
    expect(await failure(bad)).toMatchObject({ code: 'store_constraint' });
  });

  it('is restored at its own version and migrated on opening', async () => {
    const store = await start(await databases[kind].location(), { migrations: [FIRST] });
    const to = await newPath();
    await store.backup(to);
    const location = await databases[kind].location();
    await restoreBackup({ ...options(''), from: to, to: location });
    expect((await (await start(location)).info()).schemaVersion).toBe(2);
  });

  it('is refused where it may not go, with nothing changed', async () => {
    const store = await start(await databases[kind].location());
    const to = await newPath();
    await store.backup(to);
    const location = await databases[kind].location();
    const restore = (changes: object) =>
      failure(restoreBackup({ ...options(''), from: to, to: location, ...changes }));
    expect(await restore({ owner: 'cl-hive-comms' })).toMatchObject({ code: 'store_foreign' });
    expect(await restore({ migrations: [FIRST] })).toMatchObject({ code: 'store_newer' });
    const changed = [FIRST, { ...MIGRATIONS[1], name: 'other' }];
    expect(await restore({ migrations: changed })).toMatchObject({
      code: 'store_migration_changed',
    });
    const taken = await start(location);
    await fill(taken, 3);
    const before = await contents(taken);
    await taken.close();
    expect(await restore({})).toMatchObject({ code: 'store_exists' });
    expect(await contents(await start(location))).toEqual(before);
  });
});

describe('a damaged backup', () => {
  const damage: Record<string, (file: string) => void> = {
    'a changed row': (file) => edit(file, "update hive_peers set seen = 7 where id = 'seed'"),
    'a row less': (file) => edit(file, "delete from hive_peers where id = 'p1'"),
    'a table less': (file) => edit(file, 'drop table hive_payments'),
    'a table more': (file) => edit(file, 'create table hive_more (x text)'),
    'a changed manifest': (file) =>
      edit(
        file,
        `update store_backup_manifest set content = replace(content, 'cl-hive"', 'cl-hive-comms"')`,
      ),
    'no manifest': (file) => edit(file, 'drop table store_backup_manifest'),
    'half its length': (file) => truncateSync(file, Math.floor(statSync(file).size / 2)),
    'nothing in it': (file) => truncateSync(file, 0),
    'something else in it': (file) => writeFileSync(file, randomBytes(9000)),
  };

  function edit(file: string, sql: string): void {
    const db = new SqliteModule(file);
    db.pragma('foreign_keys = OFF');
    db.exec(sql);
    db.close();
  }

  it.each(Object.keys(damage))('with %s is refused before anything is made', async (kind) => {
    const store = await start(await databases.sqlite.location());
    await fill(store, 50);
    const file = await newPath();
    await store.backup(file);
    damage[kind]?.(file);
    const code = expect.stringMatching(/^store_(backup_invalid|corrupt|not_a_database)$/);
    expect(await failure(verifyBackup(file))).toMatchObject({ code });
    const to = await databases.sqlite.location();
    expect(await failure(restoreBackup({ ...options(''), from: file, to }))).toMatchObject({
      code,
    });
    expect(existsSync(to)).toBe(false);
  });

  it('with any one byte of its rows changed is refused', async () => {
    const store = await start(await databases.sqlite.location());
    await fill(store, 50);
    const whole = await newPath();
    await store.backup(whole);
    const bytes = readFileSync(whole);
    const broken = `${whole}.broken`;
    let found = 0;
    let sought = 0;
    for (let at = bytes.indexOf("ü ' "); at !== -1; at = bytes.indexOf("ü ' ", at + 1)) {
      const copy = Buffer.from(bytes);
      copy[at + 3] = 0x2e;
      writeFileSync(broken, copy);
      sought += 1;
      found += (await failure(verifyBackup(broken))) === undefined ? 0 : 1;
    }
    expect(sought).toBeGreaterThan(10);
    expect(found).toBe(sought);
  });

  it('does not take the place of a database that is missing its file but has its log', async () => {
    const store = await start(await databases.sqlite.location());
    const from = await newPath();
    await store.backup(from);
    const to = await newPath();
    copyFileSync(from, `${from}-x`);
    await restoreBackup({ ...options(''), from, to: `${to}1` });
    writeFileSync(`${to}-wal`, 'log');
    expect(await failure(restoreBackup({ ...options(''), from, to }))).toMatchObject({
      code: 'store_exists',
    });
    expect(existsSync(to)).toBe(false);
  });
});
