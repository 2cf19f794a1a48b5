import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { VirtualClock } from '@cl-hive/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore, type Store } from '../src/index.ts';
import { loadSqlite, SQLITE_PACKAGE, type SqliteDatabase } from '../src/sqlite-driver.ts';
import { TestDatabases } from '../src/testing/index.ts';
import { ChildProgram } from './support/processes.ts';
import { failure, options, type Schema } from './support/schema.ts';

const SqliteModule = await loadSqlite();

const databases = new TestDatabases('sqlite');
const open = new Set<Store<Schema>>();
let program: ChildProgram;

beforeAll(async () => {
  program = await ChildProgram.make();
});
afterAll(async () => {
  await Promise.all([...open].map((store) => store.close()));
  await program.remove();
  await databases.remove();
});

async function start(...args: Parameters<typeof options>): Promise<Store<Schema>> {
  const store = await openStore<Schema>(options(...args));
  open.add(store);
  return store;
}

/** A closed database with `rows` peers. */
async function made(rows = 0): Promise<string> {
  const location = await databases.location();
  const store = await start(location);
  await insert(store, rows);
  await store.close();
  return location;
}

async function insert(store: Store<Schema>, rows: number, alias: string | null = null) {
  await store.transact(async (tx) => {
    for (let n = 0; n < rows; n += 1) {
      await tx
        .insertInto('hive_peers')
        .values({ id: `r${n}`, alias, seen: n })
        .execute();
    }
  });
}

const system = (command: string, ...args: readonly string[]) =>
  execFileSync(command, args, { stdio: 'ignore' });
const hash = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
const count = async (store: Store<Schema>) =>
  (await store.reader.selectFrom('hive_peers').select('id').execute()).length;

describe('files of an SQLite store', () => {
  it('are private, and so is a folder made for them', async () => {
    const location = await databases.location();
    await insert(await start(location), 3);
    const folder = path.dirname(location);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const names = readdirSync(folder).sort();
    expect(names).toEqual(
      ['', '-shm', '-wal', '.lock', '.marker'].map((end) => `plugin.sqlite3${end}`),
    );
    for (const name of names) {
      expect([name, (statSync(path.join(folder, name)).mode & 0o777).toString(8)]).toEqual([
        name,
        '600',
      ]);
    }
  });

  it('become private again where somebody opened them up', async () => {
    const location = await made();
    chmodSync(location, 0o644);
    await start(location);
    expect(statSync(location).mode & 0o777).toBe(0o600);
  });

  it('are the same through a symbolic link: two ways in are one lock', async () => {
    const location = await made();
    const link = `${await databases.folder()}/link.sqlite3`;
    symlinkSync(location, link);
    await start(location);
    expect(await failure(start(link))).toMatchObject({ code: 'store_locked' });
  });

  it.each(['', ':memory:', 'file:x.db?mode=memory', 'a\0b'])(
    'are not made at %j',
    async (location) => {
      expect(await failure(start(location))).toMatchObject({ code: 'store_location' });
    },
  );
});

describe('an SQLite store that cannot be opened', () => {
  it.each([
    [
      'text',
      Buffer.from('these are the notes of the operator\n'.repeat(300)),
      'store_not_a_database',
    ],
    ['noise', randomBytes(20_000), 'store_not_a_database'],
    ['a header and no more', Buffer.from('SQLite format 3\0'), 'store_not_a_database'],
    [
      'a header and noise',
      Buffer.concat([Buffer.from('SQLite format 3\0'), randomBytes(9000)]),
      'store_not_a_database',
    ],
  ])('leaves a file of %s as it is', async (_, bytes, code) => {
    const location = path.join(await databases.folder(), `f${randomBytes(4).toString('hex')}`);
    writeFileSync(location, bytes);
    expect(await failure(start(location))).toMatchObject({
      code,
      message: expect.stringContaining(location),
    });
    expect(readFileSync(location).equals(bytes)).toBe(true);
  });

  it('leaves a database of another program as it is', async () => {
    const location = path.join(await databases.folder(), 'wallet.sqlite3');
    const db = new SqliteModule(location);
    db.exec('create table outputs (x); insert into outputs values (1)');
    db.close();
    const before = hash(location);
    expect(await failure(start(location))).toMatchObject({
      code: 'store_foreign',
      message: expect.stringContaining('outputs'),
    });
    expect(hash(location)).toBe(before);
  });

  it('leaves a database of another plugin as it is, byte for byte', async () => {
    const location = await made(5);
    const before = hash(location);
    const migrations = [{ id: 1, name: 'x', sql: () => ['create table comms_x (a text)'] }];
    expect(await failure(start(location, { owner: 'cl-hive-comms', migrations }))).toMatchObject({
      code: 'store_foreign',
    });
    expect(hash(location)).toBe(before);
  });

  it('DB-04: finds damage in the middle of the file, and leaves it for rescue', async () => {
    const location = await made(2000);
    const bytes = readFileSync(location);
    randomBytes(4096 * 4).copy(bytes, 4096 * 6);
    writeFileSync(location, bytes);
    expect(await failure(start(location))).toMatchObject({
      code: 'store_corrupt',
      remedy: expect.stringContaining('restore the newest backup'),
    });
    expect(readFileSync(location).equals(bytes)).toBe(true);
  });

  it.each([
    ['was deleted', (file: string) => rmSync(file)],
    ['was emptied', (file: string) => truncateSync(file, 0)],
  ])('DB-04: does not begin anew where the file %s', async (_, damage) => {
    const location = await made();
    damage(location);
    const existed = existsSync(location);
    expect(await failure(start(location))).toMatchObject({
      code: 'store_missing',
      remedy: expect.stringContaining(`${location}.marker`),
    });
    expect(existsSync(location)).toBe(existed);
    rmSync(`${location}.marker`);
    expect(await count(await start(location))).toBe(1);
  });

  it('does not begin anew beside the log of a file that is gone', async () => {
    const location = await databases.location();
    mkdirSync(path.dirname(location), { recursive: true });
    writeFileSync(`${location}-wal`, 'committed rows');
    expect(await failure(start(location))).toMatchObject({ code: 'store_missing' });
    expect(readFileSync(`${location}-wal`, 'utf8')).toBe('committed rows');
  });

  it('refuses another database in the place of the one it knew', async () => {
    const [a, b] = [await made(), await made()];
    writeFileSync(a, readFileSync(b));
    expect(await failure(start(a))).toMatchObject({ code: 'store_swapped' });
  });

  it.each(['', '{"owner":"cl-hive"}', 'x'.repeat(5000)])(
    'says when its marker is damaged',
    async (text) => {
      const location = await made();
      writeFileSync(`${location}.marker`, text);
      expect(await failure(start(location))).toMatchObject({
        code: 'store_corrupt',
        message: expect.stringContaining('.marker'),
      });
    },
  );

  it('DB-04: names a folder that may not be written, and one that is a file', async () => {
    const folder = path.join(await databases.folder(), 'not-mine');
    mkdirSync(folder, { mode: 0o500 });
    const file = path.join(await databases.folder(), 'a-file');
    writeFileSync(file, '');
    // Root may write everywhere: be somebody else meanwhile.
    const root = process.geteuid?.() === 0;
    chmodSync(await databases.folder(), 0o755);
    if (root) {
      chownSync(folder, 65_534, 65_534);
      process.seteuid?.(65_534);
    }
    try {
      for (const location of [`${folder}/x/db`, `${folder}/db`, `${file}/db`]) {
        expect(await failure(start(location))).toMatchObject({
          code: 'store_denied',
          message: expect.stringContaining(path.dirname(location)),
          remedy: expect.stringContaining('write access'),
        });
      }
    } finally {
      if (root) {
        process.seteuid?.(0);
      }
    }
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('two processes', () => {
  it('DB-10: do not share a database, and a killed one leaves no lock', async () => {
    const location = await made(3);
    const child = program.start([location, 'hold']);
    await child.lines(1);
    expect(await failure(start(location))).toMatchObject({ code: 'store_locked' });
    await child.kill();
    const store = await start(location);
    expect(await count(store)).toBe(4);
    const second = program.start([location, 'hold']);
    expect(await second.ended()).toBe(1);
    expect(second.errors).toContain('store_locked');
    expect(await count(store)).toBe(4);
  });

  it('DB-03: wait for a foreign writer without holding up the event loop', async () => {
    const location = await databases.location();
    const store = await start(location);
    const shell = new SqliteModule(location);
    shell.exec('begin immediate');
    let turns = 0;
    const done = insert(store, 1);
    while (turns < 50) {
      await new Promise(setImmediate);
      turns += 1;
    }
    expect(await count(store)).toBe(1);
    shell.exec('rollback');
    shell.close();
    await done;
    expect(await count(store)).toBe(2);
  });

  it('DB-03: end waiting for a foreign writer with a refusal, and nothing stored', async () => {
    const clock = new VirtualClock();
    const location = await databases.location();
    const store = await start(location, { clock });
    const shell = new SqliteModule(location);
    shell.exec('begin immediate');
    const state = { ended: false };
    const refused = failure(insert(store, 1)).finally(() => {
      state.ended = true;
    });
    while (!state.ended) {
      clock.advance(100);
      await new Promise(setImmediate);
    }
    expect(await refused).toMatchObject({ code: 'store_busy' });
    shell.exec('rollback');
    shell.close();
    expect(await count(store)).toBe(1);
    await insert(store, 1);
  });
});

describe('a process killed while it writes', () => {
  it('loses no acknowledged transaction and keeps no half one', { timeout: 60_000 }, async () => {
    const location = await databases.location();
    let acknowledged = 0;
    for (let round = 0; round < 12; round += 1) {
      const child = program.start([location, 'write']);
      await child.lines(2 + ((round * 7) % 23));
      await child.kill();
      acknowledged = Math.max(acknowledged, Number(child.last));
      const store = await start(location);
      const ids = new Set(
        (await store.reader.selectFrom('hive_peers').select('id').execute()).map((row) => row.id),
      );
      await store.close();
      const pairs = (ids.size - 1) / 2;
      expect(pairs).toBeGreaterThanOrEqual(acknowledged);
      for (let n = 1; n <= pairs; n += 1) {
        expect(ids.has(`a${n}`) && ids.has(`b${n}`)).toBe(true);
      }
    }
    expect(acknowledged).toBeGreaterThan(50);
  });
});

describe('a full disk', () => {
  const big = 'x'.repeat(100_000);

  async function fillAndRecover(location: string, free: (store: Store<Schema>) => Promise<void>) {
    const store = await start(location);
    await insert(store, 2, 'kept');
    const full = await failure(
      store.transact(async (tx) => {
        for (let n = 0; ; n += 1) {
          await tx
            .insertInto('hive_peers')
            .values({ id: `big${n}`, alias: big, seen: n })
            .execute();
        }
      }),
    );
    expect(full).toMatchObject({
      code: 'store_full',
      remedy: expect.stringContaining('nothing was stored'),
    });
    expect(await count(store)).toBe(3);
    await free(store);
    await store.transact((tx) =>
      tx.insertInto('hive_peers').values({ id: 'after', alias: big, seen: 0 }).execute(),
    );
    expect(await count(store)).toBe(4);
    await store.close();
    expect(await count(await start(location))).toBe(4);
  }

  it('refuses the transaction, keeps what was there, and goes on once there is space', async () => {
    const mount = path.join(await databases.folder(), 'small-disk');
    mkdirSync(mount);
    if (!mountSmallDisk(mount)) {
      // Without the right to mount: SQLite's own limit gives the same SQLITE_FULL.
      await withLimit((location) => fillAndRecover(location, async () => {}));
      return;
    }
    try {
      const ballast = path.join(mount, 'ballast');
      writeFileSync(ballast, randomBytes(1_500 * 1024 - 8192));
      const location = path.join(mount, 'new', 'plugin.sqlite3');
      expect(await failure(start(location))).toMatchObject({ code: 'store_full' });
      rmSync(ballast);
      await (await start(location)).close();
      rmSync(path.dirname(location), { recursive: true });
      writeFileSync(ballast, randomBytes(500_000));
      await fillAndRecover(path.join(mount, 'db', 'plugin.sqlite3'), async () => rmSync(ballast));
      for (const store of open) {
        await store.close();
      }
    } finally {
      system('umount', mount);
    }
  });

  function mountSmallDisk(mount: string): boolean {
    try {
      system('mount', '-t', 'tmpfs', '-o', 'size=1500k', 'tmpfs', mount);
      return true;
    } catch {
      return false;
    }
  }

  /** Runs `work` while no file of SQLite may grow beyond 120 pages. */
  async function withLimit(work: (location: string) => Promise<void>): Promise<void> {
    const original = Reflect.get(SqliteModule.prototype, 'pragma');
    SqliteModule.prototype.pragma = function limitedPragma(this: SqliteDatabase, ...args) {
      original.call(this, 'max_page_count = 120');
      return original.apply(this, args);
    };
    try {
      await work(await databases.location());
    } finally {
      SqliteModule.prototype.pragma = original;
    }
  }

  it('leaves no backup behind that is not whole', async () => {
    const mount = path.join(await databases.folder(), 'small-backup-disk');
    mkdirSync(mount);
    const store = await start(await databases.location());
    await insert(store, 30, big);
    const to = path.join(mount, 'backup');
    if (mountSmallDisk(mount)) {
      try {
        expect(await failure(store.backup(to))).toMatchObject({ code: 'store_full' });
        expect(readdirSync(mount)).toEqual([]);
      } finally {
        system('umount', mount);
      }
    } else {
      const file = path.join(mount, 'file');
      writeFileSync(file, '');
      expect(await failure(store.backup(path.join(file, 'backup')))).toMatchObject({
        code: 'store_denied',
      });
    }
    await store.backup(to);
  });
});

describe('the native part of better-sqlite3', () => {
  const load = (error: Error) =>
    failure(
      loadSqlite(async () => {
        throw error;
      }, '/plugins/cl-hive'),
    );

  it('says when it was built for another Node, and how to build it', async () => {
    const message =
      "The module '/x/better_sqlite3.node'\nwas compiled against a different Node.js version using\nNODE_MODULE_VERSION 115. This version of Node.js requires\nNODE_MODULE_VERSION 137.";
    const error = Object.assign(new Error(message), { code: 'ERR_DLOPEN_FAILED' });
    expect(await load(error)).toMatchObject({
      code: 'store_native',
      message: expect.stringContaining('another Node version'),
      remedy: expect.stringContaining(`npm rebuild ${SQLITE_PACKAGE}\` in /plugins/cl-hive`),
    });
  });

  it('says when it is not installed or does not load', async () => {
    expect(await load(new Error("Cannot find package 'better-sqlite3'"))).toMatchObject({
      code: 'store_native',
      remedy: expect.stringContaining('npm install` in /plugins/cl-hive'),
    });
    expect(await load(new Error('Could not locate the bindings file. Tried: ...'))).toMatchObject({
      code: 'store_native',
      remedy: expect.stringContaining('npm rebuild better-sqlite3'),
    });
  });

  it('is not loaded before a store is opened', () => {
    const text = readFileSync(path.join(program.folder, 'child.mjs'), 'utf8');
    expect(text).toMatch(/import\("better-sqlite3"\)/);
    expect(text).toMatch(/import\("better-sqlite3-napi"\)/);
    expect(text).not.toMatch(/^import .*from "(?:better-sqlite3(?:-napi)?|pg)"/m);
  });

  it('is told so by a process whose binary does not load', async () => {
    const plugin = path.join(await databases.folder(), 'cl-hive');
    const modules = path.resolve(import.meta.dirname, '../../../node_modules');
    const native = path.join(plugin, 'node_modules', SQLITE_PACKAGE);
    const binary =
      SQLITE_PACKAGE === 'better-sqlite3'
        ? 'build/Release/better_sqlite3.node'
        : `prebuilds/${process.platform}-${process.arch}.node`;
    mkdirSync(path.join(native, path.dirname(binary)), { recursive: true });
    for (const name of ['bindings', 'file-uri-to-path', 'pg']) {
      symlinkSync(path.join(modules, name), path.join(plugin, 'node_modules', name));
    }
    for (const name of ['package.json', 'lib']) {
      cpSync(path.join(modules, SQLITE_PACKAGE, name), path.join(native, name), {
        recursive: true,
      });
    }
    writeFileSync(path.join(native, binary), 'built for something else');
    cpSync(path.join(program.folder, 'child.mjs'), path.join(plugin, 'child.mjs'));
    const child = program.start([path.join(plugin, 'db'), 'hold'], path.join(plugin, 'child.mjs'));
    expect(await child.ended()).toBe(1);
    expect(child.errors).toContain("code: 'store_native'");
    expect(child.errors).toContain(`npm rebuild ${SQLITE_PACKAGE}\` in ${plugin}`);
    expect(existsSync(path.join(plugin, 'db'))).toBe(false);
  });
});
