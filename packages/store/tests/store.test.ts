import { type Msat, msat } from '@cl-hive/core';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  decodeMsat,
  decodeMsatSum,
  encodeMsat,
  type MsatText,
  openStore,
  type Reader,
  type Store,
  sumMsat,
  type Transactor,
} from '../src/index.ts';
import { DATABASE_KINDS, TestDatabases } from '../src/testing/index.ts';
import { FIRST, failure, MIGRATIONS, options, type Schema, SECOND } from './support/schema.ts';

describe.each(DATABASE_KINDS)('a store on %s', (kind) => {
  const databases = new TestDatabases(kind);
  const open = new Set<Store<Schema>>();
  const start = async (...args: Parameters<typeof options>): Promise<Store<Schema>> => {
    const store = await openStore<Schema>(options(...args));
    open.add(store);
    return store;
  };
  const fresh = async (logged: string[] = []) => start(await databases.location(), {}, logged);
  afterAll(async () => {
    await Promise.all([...open].map((store) => store.close()));
    await databases.remove();
  });
  const peers = async (reader: Reader<Schema>) =>
    (await reader.selectFrom('hive_peers').select('id').orderBy('id').execute()).map((r) => r.id);
  const addPeer = (store: Store<Schema>, id: string) =>
    store.transact(async (tx) => {
      await tx.insertInto('hive_peers').values({ id, alias: null, seen: 1 }).execute();
    });

  it('is made, read, written, closed and opened again', async () => {
    const location = await databases.location();
    const first = await start(location);
    await addPeer(first, 'a');
    expect(await peers(first.reader)).toEqual(['a', 'seed']);
    const info = await first.info();
    expect(info).toMatchObject({
      owner: 'cl-hive',
      schemaVersion: 2,
      generation: 0,
      // The server of the tests runs with fsync=off, and says so.
      durable: kind === 'sqlite',
    });
    expect(info.location).not.toContain('hive:hive');
    const [digest, ...others] = await first.digests(['hive_peers', 'absent']);
    expect(digest).toMatchObject({ name: 'hive_peers', rows: 2 });
    expect(others).toEqual([]);
    expect((await first.digests()).map(({ name }) => name)).toContain('hive_payments');
    await first.close();
    await first.close();
    expect(await failure(peers(first.reader))).toMatchObject({ code: 'store_closed' });
    expect(await failure(addPeer(first, 'b'))).toMatchObject({ code: 'store_closed' });
    const second = await start(location);
    expect(await peers(second.reader)).toEqual(['a', 'seed']);
    expect((await second.info()).databaseId).toBe(info.databaseId);
  });

  it('undoes a transaction that throws, wholly, and calls no hook', async () => {
    const store = await fresh();
    const seen: string[] = [];
    const error = new Error('mine');
    const caught = await failure(
      store.transact(async (tx) => {
        tx.onCommit(() => void seen.push('hook'));
        await tx.insertInto('hive_peers').values({ id: 'a', alias: null, seen: 1 }).execute();
        await tx.updateTable('hive_peers').set({ seen: 9 }).execute();
        await tx.deleteFrom('hive_peers').where('id', '=', 'seed').execute();
        throw error;
      }),
    );
    expect(caught).toBe(error);
    expect(await peers(store.reader)).toEqual(['seed']);
    expect(seen).toEqual([]);
  });

  it('calls hooks after the commit, in order, and survives one that throws', async () => {
    const logged: string[] = [];
    const store = await fresh(logged);
    const seen: unknown[] = [];
    await store.transact(async (tx) => {
      tx.onCommit(async () => void seen.push(await peers(store.reader)));
      tx.onCommit(() => {
        throw new Error('hook broke');
      });
      tx.onCommit(() => addPeer(store, 'from-hook'));
      await tx.insertInto('hive_peers').values({ id: 'a', alias: null, seen: 1 }).execute();
      expect(await peers(tx)).toEqual(['a', 'seed']);
      expect(await peers(store.reader)).toEqual(['seed']);
    });
    expect(seen).toEqual([['a', 'seed']]);
    expect(logged.join()).toContain('broken database: a hook failed after its commit: hook broke');
    expect(await peers(store.reader)).toEqual(['a', 'from-hook', 'seed']);
  });

  it('refuses a transaction inside a transaction at once, and undoes the outer one', async () => {
    const store = await fresh();
    const caught = await failure(
      store.transact(async (tx) => {
        await tx.insertInto('hive_peers').values({ id: 'a', alias: null, seen: 1 }).execute();
        await addPeer(store, 'b');
      }),
    );
    expect(caught).toMatchObject({ code: 'store_nested_transaction' });
    expect(await peers(store.reader)).toEqual(['seed']);
  });

  it('lets nothing through a transactor after its end', async () => {
    const store = await fresh();
    const tx = await store.transact(async (tx) => ({ tx }));
    const late = tx.tx.insertInto('hive_peers').values({ id: 'late', alias: null, seen: 1 });
    expect(await failure(late.execute())).toMatchObject({ code: 'store_transaction_over' });
    expect(await peers(store.reader)).toEqual(['seed']);
  });

  it('undoes a transaction that swallowed a failed statement', async () => {
    const store = await fresh();
    const row = { id: 'seed', alias: null, seen: 1 };
    const caught = await failure(
      store.transact(async (tx) => {
        await tx
          .insertInto('hive_peers')
          .values({ ...row, id: 'a' })
          .execute();
        await failure(tx.insertInto('hive_peers').values(row).execute());
        expect(await failure(peers(tx))).toMatchObject({ code: 'store_transaction_over' });
      }),
    );
    expect(caught).toMatchObject({ code: 'store_constraint', data: { kind: 'unique' } });
    expect(await peers(store.reader)).toEqual(['seed']);
  });

  it('waits for statements that the callback did not await', async () => {
    const store = await fresh();
    let pending: Promise<unknown> = Promise.resolve();
    await store.transact(async (tx) => {
      const insert = tx.insertInto('hive_peers').values({ id: 'a', alias: null, seen: 1 });
      pending = insert.execute();
      await Promise.resolve();
      await Promise.resolve();
      await new Promise(setImmediate);
    });
    await pending;
    expect(await peers(store.reader)).toEqual(['a', 'seed']);
  });

  it.each([
    ['foreign_key', { peer: 'nobody', amount_msat: encodeMsat(msat(1)) }],
    ['check', { peer: 'seed', amount_msat: '12' as MsatText }],
    ['check', { peer: 'seed', amount_msat: '18446744073709551616' as MsatText }],
    ['not_null', { peer: 'seed', amount_msat: null as unknown as MsatText }],
  ])('names a %s that a row breaks', async (constraint, row) => {
    const store = await fresh();
    const caught = await failure(
      store.transact((tx) => tx.insertInto('hive_payments').values(row).execute()),
    );
    expect(caught).toMatchObject({ code: 'store_constraint', data: { kind: constraint } });
  });

  it('refuses a value of another type than the column’s', async () => {
    const store = await fresh();
    const row = { id: 'a', alias: null, seen: 'soon' as unknown as number };
    const caught = await failure(
      store.transact((tx) => tx.insertInto('hive_peers').values(row).execute()),
    );
    expect(['store_constraint', 'store_value']).toContain((caught as { code: string }).code);
    expect(await peers(store.reader)).toEqual(['seed']);
  });

  it('cannot write through the reader even where the type is evaded', async () => {
    const store = await fresh();
    // A statement that writes inside a SELECT-shaped builder: only the connection can refuse it.
    const { sql } = await import('kysely');
    const evil =
      kind === 'sqlite'
        ? sql<number>`1 from hive_peers; delete from hive_peers`
        : sql<number>`setval('hive_payments_id_seq', 77)`;
    const query = store.reader.selectFrom('hive_peers').select(evil.as('x'));
    expect(await failure(query.execute())).toMatchObject({ code: /store_(denied|query)/ });
    expect('insertInto' in store.reader).toBe(false);
    const write = async (tx: Transactor<Schema>) => void tx;
    // @ts-expect-error a reader is no transactor
    await write(store.reader);
    expect(await peers(store.reader)).toEqual(['seed']);
  });

  it('answers many questions at once', async () => {
    const store = await fresh();
    const all = await Promise.all(Array.from({ length: 30 }, () => store.info()));
    expect(new Set(all.map((info) => info.databaseId)).size).toBe(1);
  });

  it('runs many transactions one after another', async () => {
    const store = await fresh();
    await Promise.all(
      Array.from({ length: 40 }, () =>
        store.transact(async (tx) => {
          const row = await tx.selectFrom('hive_peers').select('seen').executeTakeFirstOrThrow();
          await new Promise(setImmediate);
          await tx
            .updateTable('hive_peers')
            .set({ seen: row.seen + 1 })
            .execute();
        }),
      ),
    );
    const row = await store.reader.selectFrom('hive_peers').select('seen').executeTakeFirst();
    expect(row?.seen).toBe(40);
  });

  it('keeps amounts exactly, in order, and sums them', async () => {
    const store = await fresh();
    const edges = [0n, 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.bigInt(0n, 2n ** 64n - 1n), { minLength: 1, maxLength: 20 }),
        async (drawn) => {
          const amounts = [...drawn, ...edges].map((value) => msat(value));
          await store.transact(async (tx) => {
            await tx.deleteFrom('hive_payments').execute();
            const rows = amounts.map((a) => ({ peer: 'seed', amount_msat: encodeMsat(a) }));
            await tx.insertInto('hive_payments').values(rows).execute();
          });
          const from = store.reader.selectFrom('hive_payments');
          const rows = await from.select('amount_msat').orderBy('amount_msat').execute();
          const sorted = [...amounts].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
          expect(rows.map((row) => decodeMsat(row.amount_msat))).toEqual(sorted);
          const sums = await from
            .select((eb) => [
              sumMsat(eb.ref('amount_msat')).as('total'),
              eb.fn.max('amount_msat').as('most'),
            ])
            .executeTakeFirstOrThrow();
          expect(decodeMsatSum(sums.total)).toBe(amounts.reduce((a: bigint, b) => a + b, 0n));
          expect(decodeMsat(sums.most)).toBe(2n ** 64n - 1n);
          const above = await from
            .select((eb) => eb.fn.countAll<number>().as('count'))
            .where('amount_msat', '>', encodeMsat(msat(2n ** 53n)))
            .executeTakeFirstOrThrow();
          expect(above.count).toBe(amounts.filter((a: Msat) => a > 2n ** 53n).length);
        },
      ),
      { numRuns: 15 },
    );
    await store.transact((tx) => tx.deleteFrom('hive_payments').execute());
    const none = await store.reader
      .selectFrom('hive_payments')
      .select((eb) => sumMsat(eb.ref('amount_msat')).as('total'))
      .executeTakeFirstOrThrow();
    expect(decodeMsatSum(none.total)).toBe(0n);
  });

  it('gives every value back as it was stored', async () => {
    const store = await fresh();
    const value = fc.record({
      alias: fc.option(fc.string({ unit: 'binary' }).filter((s) => !s.includes('\0'))),
      seen: fc.maxSafeInteger(),
      ratio: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 })),
      proof: fc.option(fc.uint8Array()),
    });
    await fc.assert(
      fc.asyncProperty(value, async ({ alias, seen, ratio, proof }) => {
        const row = await store.transact(async (tx) => {
          await tx.deleteFrom('hive_payments').execute();
          await tx.deleteFrom('hive_peers').execute();
          await tx.insertInto('hive_peers').values({ id: 'p', alias, seen }).execute();
          const amount_msat = encodeMsat(msat(1));
          const payment = { peer: 'p', amount_msat, ratio, proof };
          await tx.insertInto('hive_payments').values(payment).execute();
          return tx
            .selectFrom('hive_payments')
            .innerJoin('hive_peers', 'hive_peers.id', 'peer')
            .select(['alias', 'seen', 'ratio', 'proof'])
            .executeTakeFirstOrThrow();
        });
        expect(row.alias).toBe(alias);
        expect(row.seen).toBe(seen === 0 ? 0 : seen);
        expect(row.ratio).toBe(ratio === 0 ? 0 : ratio);
        expect(row.proof === null ? null : [...row.proof]).toEqual(
          proof === null ? null : [...proof],
        );
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    ['bigint', 2n],
    ['boolean', true],
    ['NaN', Number.NaN],
    ['2^53', 2 ** 53],
    ['date', new Date()],
  ])('refuses to store a %s', async (_, seen) => {
    const store = await fresh();
    const row = { id: 'a', alias: null, seen: seen as number };
    const caught = await failure(
      store.transact((tx) => tx.insertInto('hive_peers').values(row).execute()),
    );
    expect(caught).toMatchObject({ code: 'store_value' });
  });

  it('refuses to read an integer that a number cannot hold', async () => {
    const store = await fresh();
    const { sql } = await import('kysely');
    const query = store.reader
      .selectFrom('hive_peers')
      .select(sql<number>`cast('9007199254740993' as bigint)`.as('big'));
    expect(await failure(query.execute())).toMatchObject({ code: 'store_value' });
  });

  it('orders texts by code point whatever the locale', async () => {
    const store = await fresh();
    for (const id of ['b', 'B', 'a', 'ä', 'Z', '_']) {
      await addPeer(store, id);
    }
    expect(await peers(store.reader)).toEqual(['B', 'Z', '_', 'a', 'b', 'seed', 'ä']);
  });

  it('runs only the migrations that are missing, each once', async () => {
    const location = await databases.location();
    const old = await start(location, { migrations: [FIRST] });
    await addPeer(old, 'before');
    await old.close();
    const logged: string[] = [];
    const store = await start(location, {}, logged);
    expect(logged).toEqual(['info database: migration 2 (payments) done']);
    expect(await peers(store.reader)).toEqual(['before', 'seed']);
  });

  it('undoes a migration that fails, keeps those before it, and goes on with a good one', async () => {
    const location = await databases.location();
    const bad = {
      id: 2,
      name: 'bad',
      sql: () => ['create table hive_half (x integer)', 'insert into hive_nowhere values (1)'],
    };
    const caught = await failure(start(location, { migrations: [FIRST, bad] }));
    expect(caught).toMatchObject({
      code: 'store_migration_failed',
      message: expect.stringContaining('migration 2 (bad)'),
    });
    const store = await start(location);
    expect(await peers(store.reader)).toEqual(['seed']);
  });

  it('refuses a database of a newer program and names both versions', async () => {
    const location = await databases.location();
    await (await start(location)).close();
    const caught = await failure(start(location, { migrations: [FIRST] }));
    expect(caught).toMatchObject({
      code: 'store_newer',
      message: expect.stringMatching(/version 2 \(payments\).* up to version 1/),
      remedy: expect.stringContaining('schema version 2'),
    });
    expect(await peers((await start(location)).reader)).toEqual(['seed']);
  });

  it.each([
    ['statement', { ...SECOND, sql: () => ['create table hive_other (x integer)'] }],
    ['name', { ...SECOND, name: 'renamed' }],
  ])('refuses a migration whose %s changed after it ran', async (_, changed) => {
    const location = await databases.location();
    await (await start(location)).close();
    const caught = await failure(start(location, { migrations: [FIRST, changed] }));
    expect(caught).toMatchObject({ code: 'store_migration_changed', data: { migration: 2 } });
  });

  it.each([
    ['a gap', [FIRST, { ...SECOND, id: 3 }]],
    ['a strange name', [{ ...FIRST, name: 'Über 1' }]],
    ['a transaction of its own', [{ ...FIRST, sql: () => ['commit'] }]],
    ['a pragma', [{ ...FIRST, sql: () => ['pragma foreign_keys = off'] }]],
  ])('refuses a list of migrations with %s', async (_, migrations) => {
    const caught = await failure(start(await databases.location(), { migrations }));
    expect(caught).toMatchObject({ code: 'store_migration_invalid' });
  });

  it('refuses the database of another plugin and names it', async () => {
    const location = await databases.location();
    await (await start(location)).close();
    const migrations = [{ id: 1, name: 'x', sql: () => [] }];
    const caught = await failure(start(location, { owner: 'cl-hive-comms', migrations }));
    expect(caught).toMatchObject({
      code: 'store_foreign',
      message: expect.stringContaining('belongs to cl-hive, not to cl-hive-comms'),
    });
    expect(await peers((await start(location)).reader)).toEqual(['seed']);
  });

  it('refuses a second opening while the first lasts', async () => {
    const location = await databases.location();
    const first = await start(location);
    expect(await failure(start(location))).toMatchObject({
      code: 'store_locked',
      remedy: expect.stringContaining('stop the other instance'),
    });
    await addPeer(first, 'still-works');
    await first.close();
    expect(await peers((await start(location)).reader)).toEqual(['seed', 'still-works']);
  });

  it('opens as soon as a previous instance lets go', async () => {
    const location = await databases.location();
    const first = await start(location);
    const second = start(location);
    await first.close();
    expect(await peers((await second).reader)).toEqual(['seed']);
  });

  it('refuses to begin anew where the marker says that a database was', async () => {
    const folder = await databases.folder();
    const markerFile = `${folder}/marker-of-${kind}`;
    await (await start(await databases.location(), { markerFile })).close();
    const elsewhere = await databases.location();
    expect(await failure(start(elsewhere, { markerFile }))).toMatchObject({
      code: 'store_missing',
      remedy: expect.stringContaining(markerFile),
    });
    await (await start(elsewhere)).close();
    expect(await failure(start(elsewhere, { markerFile }))).toMatchObject({
      code: 'store_swapped',
    });
  });

  it('ends a transaction that waits for something else, and goes on', async () => {
    const { VirtualClock } = await import('@cl-hive/testkit');
    const clock = new VirtualClock();
    const store = await start(await databases.location(), { clock });
    let inside: () => void = () => {};
    const entered = new Promise<void>((resolve) => {
      inside = resolve;
    });
    const stuck = failure(
      store.transact(async (tx) => {
        await tx.insertInto('hive_peers').values({ id: 'a', alias: null, seen: 1 }).execute();
        inside();
        await new Promise(() => {});
      }),
    );
    await entered;
    clock.advance(60_000);
    expect(await stuck).toMatchObject({ code: 'store_timeout' });
    await addPeer(store, 'b');
    expect(await peers(store.reader)).toEqual(['b', 'seed']);
  });

  it('has the same hashes of migrations on both databases', async () => {
    const { migrationHash } = await import('../src/migration.ts');
    expect(MIGRATIONS.map(migrationHash)).toMatchInlineSnapshot(`
      [
        "cc65570f81c6364d7796d176b32b648faea566bf7a3b527000a0a8ece38b750f",
        "6515adbcdc02561f9fe0c1bc3a120acab65b78473926e41c54d02b94888d350e",
      ]
    `);
  });
});
