import { afterAll, describe, expect, it } from 'vitest';
import { openStore, type Store } from '../src/index.ts';
import { LOG_KEPT_BYTES } from '../src/limits.ts';
import { loadSqlite } from '../src/sqlite-driver.ts';
import { TestDatabases } from '../src/testing/index.ts';
import { options, type Schema } from './support/schema.ts';

const SqliteModule = await loadSqlite();
const databases = new TestDatabases('sqlite');
afterAll(() => databases.remove());

/** Rows with some 100 KB each. */
async function write(store: Store<Schema>, from: number, rows: number): Promise<void> {
  for (let n = from; n < from + rows; n += 1) {
    await store.transact(async (tx) => {
      await tx
        .insertInto('hive_peers')
        .values({ id: `r${n}`, alias: 'x'.repeat(100_000), seen: n })
        .execute();
    });
  }
}

describe('the write-ahead log', () => {
  it('DB-12: shows how long it is behind a long reader, and is cut once that is gone', async () => {
    const location = await databases.location();
    const store = await openStore<Schema>(options(location));
    await write(store, 0, 10);
    const shell = new SqliteModule(location);
    shell.exec('begin');
    shell.prepare('select count(*) from hive_peers').all();
    await write(store, 10, 200);
    const { logBytes } = await store.info();
    expect(logBytes).toBeGreaterThan(LOG_KEPT_BYTES);
    shell.exec('commit');
    shell.close();
    await write(store, 210, 5);
    expect((await store.info()).logBytes).toBeLessThanOrEqual(LOG_KEPT_BYTES);
    await store.close();
  });
});
