import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { msat } from '@cl-hive/core';
import pg from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeMsat, openStore, replaceDatabase, restoreBackup, type Store } from '../src/index.ts';
import { TestDatabases } from '../src/testing/index.ts';
import { failure, options, type Schema } from './support/schema.ts';

const databases = new TestDatabases('postgres');
afterAll(() => databases.remove());

const OLD = ['old', 'seed'];
const NEW = ['new', 'old', 'seed'];

async function ids(store: Store<Schema>): Promise<readonly string[]> {
  return (await store.reader.selectFrom('hive_peers').select('id').execute())
    .map(({ id }) => id)
    .sort();
}

async function pay(store: Store<Schema>, id: string): Promise<void> {
  await store.transact(async (tx) => {
    await tx.insertInto('hive_peers').values({ id, alias: null, seen: 1 }).execute();
    const payment = { peer: id, amount_msat: encodeMsat(msat(1)), ratio: null, proof: null };
    await tx.insertInto('hive_payments').values(payment).execute();
  });
}

let count = 0;

/** Tables at `to` with `old` and `new`, and a file to replace them that has `old` alone. */
async function scene(location?: string) {
  count += 1;
  const folder = path.join(await databases.folder(), `scene-${count}`);
  mkdirSync(folder);
  const to = location ?? (await databases.location());
  const markerFile = path.join(folder, 'marker');
  const store = await openStore<Schema>(options(to, { markerFile }));
  await pay(store, 'old');
  const backup = path.join(folder, 'backup.sqlite3');
  await store.backup(backup);
  await pay(store, 'new');
  const { replaceable } = await store.info();
  await store.close();
  const from = path.join(folder, 'ready.sqlite3');
  const restored = { ...options(from), from: backup, to: from, generationAtLeast: 7 };
  const { databaseId } = await restoreBackup(restored);
  const mark = { databaseId, generation: 7 };
  const aside = `.before-r${count}`;
  const replacement = { ...options(to, { markerFile }), from, mark, to, aside };
  return { replacement, replaceable };
}

async function seen(location: string, markerFile?: string): Promise<readonly string[]> {
  const store = await openStore<Schema>(
    options(location, markerFile === undefined ? {} : { markerFile }),
  );
  const found = await ids(store);
  await store.close();
  return found;
}

describe('tables on a server put in the place of others', () => {
  it('are there with their generation, go on, and the old ones are in a schema beside', async () => {
    const { replacement, replaceable } = await scene();
    expect(replaceable).toBe(true);
    const kept = await replaceDatabase(replacement);
    expect(await replaceDatabase(replacement)).toBe(kept);
    const schema = kept.replace('the schema ', '');
    const store = await openStore<Schema>(options(replacement.to));
    expect(await ids(store)).toEqual(OLD);
    expect((await store.info()).generation).toBe(7);
    await pay(store, 'later');
    const payments = await store.reader
      .selectFrom('hive_payments')
      .select(['id', 'peer'])
      .execute();
    expect(payments).toEqual([
      { id: 1, peer: 'old' },
      { id: 2, peer: 'later' },
    ]);
    const orphan = { peer: 'nobody', amount_msat: encodeMsat(msat(1)), ratio: null, proof: null };
    const refused = store.transact(async (tx) => {
      await tx.insertInto('hive_payments').values(orphan).execute();
    });
    expect(await failure(refused)).toMatchObject({ code: 'store_constraint' });
    await store.close();
    expect(await seen(replacement.to.replace(/%3D.*$/, `%3D${schema}`))).toEqual(NEW);
  });

  it('I9: are the old or the restored ones after a crash before any step', async () => {
    for (const at of ['aside', 'copy', 'publish', 'marker', 'end']) {
      const { replacement } = await scene();
      const step = (name: string): void => {
        if (name === at) {
          throw new Error(`killed before ${name}`);
        }
      };
      await expect(replaceDatabase({ ...replacement, step })).rejects.toThrow('killed before');
      const inTransaction = ['aside', 'copy', 'publish'].includes(at);
      expect(await seen(replacement.to), at).toEqual(inTransaction ? NEW : OLD);
      await replaceDatabase(replacement);
      expect(await seen(replacement.to, replacement.markerFile), at).toEqual(OLD);
    }
  });

  it('go where nothing is yet', async () => {
    const { replacement } = await scene();
    const to = await databases.location();
    const markerFile = `${replacement.from}.marker-too`;
    await replaceDatabase({ ...replacement, to, markerFile });
    expect(await seen(to, markerFile)).toEqual(OLD);
  });

  it('stay when what was prepared is gone or another, or they are in use', async () => {
    const { replacement } = await scene();
    const mark = { ...replacement.mark, generation: 8 };
    const missing = { code: 'store_missing' };
    expect(await failure(replaceDatabase({ ...replacement, mark }))).toMatchObject(missing);
    const store = await openStore<Schema>(options(replacement.to));
    const locked = { code: 'store_locked' };
    expect(await failure(replaceDatabase(replacement))).toMatchObject(locked);
    await store.close();
    rmSync(replacement.from);
    expect(await failure(replaceDatabase(replacement))).toMatchObject(missing);
    expect(await seen(replacement.to)).toEqual(NEW);
  });

  it('stay when their user may make no schema, which is known before', async () => {
    const location = await databases.location();
    const client = new pg.Client(location);
    await client.connect();
    await client.query("create role limited login password 'limited'");
    await client.query('create schema limited authorization limited');
    await client.end();
    const limited = location
      .replace('hive:hive@', 'limited:limited@')
      .replace(/%3D.*$/, '%3Dlimited');
    const { replacement, replaceable } = await scene(limited);
    expect(replaceable).toBe(false);
    const refused = { code: 'store_denied', remedy: expect.stringContaining('CREATE') };
    expect(await failure(replaceDatabase(replacement))).toMatchObject(refused);
    expect(await seen(limited)).toEqual(NEW);
  });
});
