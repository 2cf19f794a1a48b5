import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { VirtualClock } from '@cl-hive/testkit';
import { afterAll, describe, expect, it } from 'vitest';
import { openStore, type Store, verifyBackup } from '../src/index.ts';
import { DATABASE_KINDS, TestDatabases } from '../src/testing/index.ts';
import { options, type Schema } from './support/schema.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'hive-held-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function add(store: Store<Schema>, id: string): Promise<void> {
  return store.transact(async (tx) => {
    await tx.insertInto('hive_peers').values({ id, alias: null, seen: 1 }).execute();
  });
}

async function peersIn(file: string): Promise<number> {
  const { tables } = await verifyBackup(file);
  return tables.find(({ name }) => name === 'hive_peers')?.rows ?? -1;
}

describe.each(DATABASE_KINDS)('a held moment of a store on %s', (kind) => {
  const databases = new TestDatabases(kind);
  afterAll(() => databases.remove());

  it('is what the backup holds, however much is written after it', async () => {
    const store = await openStore<Schema>(options(await databases.location()));
    await add(store, 'before');
    const held = await store.hold();
    const during = add(store, 'during');
    const stillHeld = await store.reader.selectFrom('hive_peers').select('id').execute();
    expect(stillHeld.map(({ id }) => id).sort()).toEqual(['before', 'seed']);
    expect(await held.release()).toBe(true);
    await during;
    const file = path.join(folder, `${kind}-held.sqlite3`);
    await held.backup(file);
    await held.end();
    await held.end();
    expect(await peersIn(file)).toBe(2);
    await store.close();
  });

  it('VB-04: two stores are copied as of one moment while both are written', async () => {
    const stores = [
      await openStore<Schema>(options(await databases.location())),
      await openStore<Schema>(options(await databases.location())),
    ] as const;
    const load = { written: 0, going: true };
    // Each write goes to the first store, then to the second: the second never has more.
    const running = (async () => {
      for (; load.going; load.written += 1) {
        await add(stores[0], `p${load.written}`);
        await add(stores[1], `p${load.written}`);
        // With SQLite nothing above leaves the event loop a turn.
        await new Promise(setImmediate);
      }
    })();
    try {
      for (let round = 0; round < 3; round += 1) {
        const target = load.written + 5;
        while (load.written < target) {
          await new Promise(setImmediate);
        }
        const held = await Promise.all(stores.map((store) => store.hold()));
        const inTime = await Promise.all(held.map((each) => each.release()));
        expect(inTime).toEqual([true, true]);
        const counts = [];
        for (const [index, each] of held.entries()) {
          const file = path.join(folder, `${kind}-${round}-${index}.sqlite3`);
          await each.backup(file);
          await each.end();
          counts.push(await peersIn(file));
        }
        const [first = 0, second = 0] = counts;
        expect([0, 1]).toContain(first - second);
      }
    } finally {
      load.going = false;
      await running;
    }
    await Promise.all(stores.map((store) => store.close()));
  });

  it('lets writing go on by itself, and says so', async () => {
    const clock = new VirtualClock();
    const store = await openStore<Schema>(options(await databases.location(), { clock }));
    const held = await store.hold();
    const write = add(store, 'late');
    clock.advance(700);
    await write;
    expect(await held.release()).toBe(false);
    await held.end();
    await store.close();
  });

  it('does not keep a store from closing', async () => {
    const clock = new VirtualClock();
    const store = await openStore<Schema>(options(await databases.location(), { clock }));
    await store.hold();
    const closed = store.close();
    clock.advance(700);
    await closed;
    await expect(store.hold()).rejects.toMatchObject({ code: 'store_closed' });
  });
});
