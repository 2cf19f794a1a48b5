import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openStore, replaceDatabase, restoreBackup, type Store } from '../src/index.ts';
import { MIGRATIONS, options, type Schema } from './support/schema.ts';

const base = mkdtempSync(path.join(tmpdir(), 'hive-replace-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const STEPS = ['aside-wal', 'aside-shm', 'aside', 'copy', 'publish', 'marker', 'end'];

async function ids(store: Store<Schema>): Promise<readonly string[]> {
  return (await store.reader.selectFrom('hive_peers').select('id').execute())
    .map(({ id }) => id)
    .sort();
}

async function add(store: Store<Schema>, id: string): Promise<void> {
  await store.transact(async (tx) => {
    await tx.insertInto('hive_peers').values({ id, alias: null, seen: 1 }).execute();
  });
}

/** A database at `to` with `old` and `new`, and one to replace it that has `old` alone. */
async function scene(name: string) {
  const folder = path.join(base, name);
  const to = path.join(folder, 'live.sqlite3');
  const store = await openStore<Schema>(options(to));
  await add(store, 'old');
  await store.backup(path.join(folder, 'backup.sqlite3'));
  await add(store, 'new');
  const from = path.join(folder, 'ready.sqlite3');
  const manifest = await restoreBackup({
    ...options(from),
    from: path.join(folder, 'backup.sqlite3'),
    to: from,
    generationAtLeast: 7,
  });
  await store.close();
  const mark = { databaseId: manifest.databaseId, generation: 7 };
  return { ...options(to), from, mark, to, aside: '.before-1' };
}

describe('a database put in the place of another', () => {
  it('is there with its generation, and the old one beside', async () => {
    const replacement = await scene('whole');
    await replaceDatabase(replacement);
    await replaceDatabase(replacement);
    const store = await openStore<Schema>(options(replacement.to));
    expect(await ids(store)).toEqual(['old', 'seed']);
    expect((await store.info()).generation).toBe(7);
    await store.close();
    expect(statSync(replacement.to).mode & 0o777).toBe(0o600);
    const old = await openStore<Schema>(
      options(`${replacement.to}.before-1`, { markerFile: path.join(base, 'other.marker') }),
    );
    expect(await ids(old)).toEqual(['new', 'old', 'seed']);
    await old.close();
  });

  it('I9: after a crash before any step it goes on, and nothing in between is a database', async () => {
    for (const at of STEPS) {
      const replacement = await scene(`crash-${at}`);
      const step = (name: string): void => {
        if (name === at) {
          throw new Error(`killed before ${name}`);
        }
      };
      await expect(replaceDatabase({ ...replacement, step })).rejects.toThrow('killed before');
      // Whoever opens it now gets the old state, the new one, or a refusal; never an empty one.
      const between = await openStore<Schema>(options(replacement.to)).catch(
        (error: { code: string }) => error.code,
      );
      if (typeof between === 'string') {
        expect(between).toBe('store_missing');
      } else {
        const seen = await ids(between);
        await between.close();
        expect([
          ['new', 'old', 'seed'],
          ['old', 'seed'],
        ]).toContainEqual(seen);
      }
      await replaceDatabase(replacement);
      const store = await openStore<Schema>(options(replacement.to));
      expect(await ids(store)).toEqual(['old', 'seed']);
      await store.close();
    }
  });

  it('goes where nothing is, and over what is damaged', async () => {
    const fresh = await scene('fresh');
    const to = path.join(base, 'fresh-too', 'live.sqlite3');
    await replaceDatabase({ ...fresh, to });
    const damaged = await scene('damaged');
    writeFileSync(damaged.to, 'nonsense');
    await replaceDatabase(damaged);
    for (const place of [to, damaged.to]) {
      const store = await openStore<Schema>(options(place));
      expect(await ids(store)).toEqual(['old', 'seed']);
      await store.close();
    }
  });

  it('touches nothing when what was prepared is gone or another', async () => {
    const gone = await scene('gone');
    rmSync(gone.from);
    await expect(replaceDatabase(gone)).rejects.toMatchObject({ code: 'store_missing' });
    const other = await scene('other');
    const mark = { ...other.mark, generation: 8 };
    await expect(replaceDatabase({ ...other, mark })).rejects.toMatchObject({
      code: 'store_missing',
    });
    for (const { to } of [gone, other]) {
      expect(existsSync(`${to}.before-1`)).toBe(false);
      const store = await openStore<Schema>(options(to));
      expect(await ids(store)).toEqual(['new', 'old', 'seed']);
      await store.close();
    }
  });

  it('waits for nobody: a database that is open is not replaced', async () => {
    const replacement = await scene('open');
    const store = await openStore<Schema>(options(replacement.to));
    await expect(replaceDatabase(replacement)).rejects.toMatchObject({ code: 'store_locked' });
    await store.close();
  });

  it('keeps the higher of the generations', async () => {
    const { from } = await scene('generation');
    const again = path.join(base, 'generation', 'again.sqlite3');
    const store = await openStore<Schema>(options(from));
    await store.backup(path.join(base, 'generation', 'second.sqlite3'));
    await store.close();
    const second = path.join(base, 'generation', 'second.sqlite3');
    await restoreBackup({ ...options(again), from: second, to: again, generationAtLeast: 3 });
    const restored = await openStore<Schema>(options(again, { migrations: MIGRATIONS }));
    expect((await restored.info()).generation).toBe(8);
    await restored.close();
  });
});
