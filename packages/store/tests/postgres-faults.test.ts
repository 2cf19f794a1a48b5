import { connect, createServer, type Server, type Socket } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore, type Store } from '../src/index.ts';
import { startPostgres, type TestPostgres } from '../src/testing/index.ts';
import { failure, options, type Schema } from './support/schema.ts';

let server: TestPostgres;
const open = new Set<Store<Schema>>();

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => {
  await Promise.all([...open].map((store) => store.close()));
  await server.stop();
});

async function start(...args: Parameters<typeof options>): Promise<Store<Schema>> {
  const store = await openStore<Schema>(options(...args));
  open.add(store);
  return store;
}

/** Runs `work` with a connection that is not the store's. */
async function outside<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const insert = (store: Store<Schema>, id: string) =>
  store.transact(async (tx) => {
    await tx.insertInto('hive_peers').values({ id, alias: null, seen: 1 }).execute();
  });
const ids = async (store: Store<Schema>) =>
  (await store.reader.selectFrom('hive_peers').select('id').orderBy('id').execute()).map(
    (r) => r.id,
  );

/** Ends all connections of the store at `url` and waits until they are gone. */
async function cut(url: string): Promise<void> {
  await outside(url, async (client) => {
    await client.query(
      "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'cl-hive' and datname = current_database()",
    );
  });
}

describe('a PostgreSQL store that cannot be opened', () => {
  it('names what is wrong, never the password', async () => {
    const url = await server.createDatabase();
    const cases: readonly (readonly [string, string])[] = [
      [url.replace('hive:hive@', 'hive:wr0ng@'), 'store_denied'],
      [url.replace(/test_\d+$/, 'absent'), 'store_location'],
      [url.replace(String(server.port), '1'), 'store_unreachable'],
      ['postgres://me:wr0ng@host:port/x', 'store_location'],
      [`${url}?options=-csearch_path%3Dabsent`, 'store_location'],
    ];
    for (const [location, code] of cases) {
      const error = await failure(start(location));
      expect(error).toMatchObject({ code, remedy: expect.any(String) });
      expect(String(error)).not.toContain('wr0ng');
    }
  });

  it('leaves a database with other tables as it is', async () => {
    const url = await server.createDatabase();
    await outside(url, (client) => client.query('create table outputs (x int)'));
    expect(await failure(start(url))).toMatchObject({
      code: 'store_foreign',
      message: expect.stringContaining('outputs'),
    });
    const { rows } = await outside(url, (client) =>
      client.query("select tablename from pg_tables where schemaname = 'public'"),
    );
    expect(rows).toEqual([{ tablename: 'outputs' }]);
  });
});

describe('schemas', () => {
  it('hold one store each', async () => {
    const url = await server.createDatabase();
    await outside(url, (client) => client.query('create schema a; create schema b'));
    const a = await start(`${url}?options=-csearch_path%3Da`);
    const b = await start(`${url}?options=-csearch_path%3Db`);
    await insert(a, 'in-a');
    expect([await ids(a), await ids(b)]).toEqual([['in-a', 'seed'], ['seed']]);
  });
});

describe('serialization failures', () => {
  const meddle = (url: string) =>
    outside(url, (client) =>
      client.query("update hive_peers set seen = seen + 10 where id = 'seed'"),
    );

  async function add(store: Store<Schema>, between: (attempt: number) => Promise<unknown>) {
    let attempts = 0;
    let hooks = 0;
    const done = store.transact(async (tx) => {
      attempts += 1;
      tx.onCommit(() => {
        hooks += 1;
      });
      const from = tx.selectFrom('hive_peers').where('id', '=', 'seed');
      const { seen } = await from.select('seen').executeTakeFirstOrThrow();
      await between(attempts);
      await tx
        .updateTable('hive_peers')
        .set({ seen: seen + 1 })
        .where('id', '=', 'seed')
        .execute();
    });
    const error = await done.then(
      () => undefined,
      (caught: unknown) => caught,
    );
    const row = await store.reader.selectFrom('hive_peers').select('seen').executeTakeFirst();
    return { attempts, hooks, error, seen: row?.seen };
  }

  it('are retried: no update of either side is lost', async () => {
    const url = await server.createDatabase();
    const result = await add(await start(url), (attempt) =>
      attempt < 3 ? meddle(url) : Promise.resolve(),
    );
    expect(result).toEqual({ attempts: 3, hooks: 1, error: undefined, seen: 21 });
  });

  it('end as a refusal when they do not stop', async () => {
    const url = await server.createDatabase();
    const result = await add(await start(url), () => meddle(url));
    expect(result).toMatchObject({
      attempts: 6,
      hooks: 0,
      seen: 60,
      error: { code: 'store_conflict' },
    });
  });
});

describe('a lost connection', () => {
  it('between transactions is made anew, lock included', async () => {
    const url = await server.createDatabase();
    const logged: string[] = [];
    const store = await start(url, {}, logged);
    await insert(store, 'a');
    await cut(url);
    await insertEventually(store, 'b');
    expect(await ids(store)).toEqual(['a', 'b', 'seed']);
    expect(logged.join('\n')).toContain('connected again');
    expect(await failure(start(url))).toMatchObject({ code: 'store_locked' });
  });

  /** The first statement on a connection that was cut may be the one that finds out. */
  async function insertEventually(store: Store<Schema>, id: string): Promise<void> {
    const error = await insert(store, id).then(
      () => undefined,
      (caught: unknown) => caught,
    );
    if (error !== undefined) {
      expect(error).toMatchObject({ code: 'store_unreachable' });
      await insert(store, id);
    }
  }

  it('inside a transaction undoes it', async () => {
    const url = await server.createDatabase();
    const store = await start(url);
    const caught = await failure(
      store.transact(async (tx) => {
        await tx.insertInto('hive_peers').values({ id: 'a', alias: null, seen: 1 }).execute();
        await cut(url);
        await tx.insertInto('hive_peers').values({ id: 'b', alias: null, seen: 1 }).execute();
      }),
    );
    expect(caught).toMatchObject({ code: 'store_unreachable' });
    await insert(store, 'c');
    expect(await ids(store)).toEqual(['c', 'seed']);
  });

  it('takes the lock with it: who lost it does not write beside its successor', async () => {
    const url = await server.createDatabase();
    const first = await start(url);
    await cut(url);
    const second = await start(url);
    await insert(second, 'successor');
    let caught = await failure(insert(first, 'ghost'));
    if ((caught as { code?: string }).code === 'store_unreachable') {
      caught = await failure(insert(first, 'ghost'));
    }
    expect(caught).toMatchObject({ code: 'store_locked' });
    expect(await ids(second)).toEqual(['seed', 'successor']);
  });

  it('during COMMIT is told as an unknown outcome', async () => {
    const url = await server.createDatabase();
    const proxy = await Proxy.start(server.port);
    try {
      const store = await start(url.replace(String(server.port), String(proxy.port)));
      await insert(store, 'a');
      proxy.cutOn = 'commit';
      expect(await failure(insert(store, 'b'))).toMatchObject({
        code: 'store_outcome_unknown',
        remedy: expect.stringContaining('read what is stored'),
      });
      proxy.cutOn = undefined;
      await insert(store, 'c');
      expect((await ids(store)).filter((id) => id !== 'b')).toEqual(['a', 'c', 'seed']);
      await store.close();
    } finally {
      await proxy.stop();
    }
  });
});

/** Passes bytes on, and drops the connection when the client sends a certain word. */
class Proxy {
  cutOn: string | undefined;
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  constructor(server: Server, port: number, sockets: Set<Socket>) {
    this.#server = server;
    this.port = port;
    this.#sockets = sockets;
  }

  static async start(target: number): Promise<Proxy> {
    const server = createServer();
    const sockets = new Set<Socket>();
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const proxy = new Proxy(server, port, sockets);
    server.on('connection', (client) => {
      const upstream = connect(target, '127.0.0.1');
      for (const socket of [client, upstream]) {
        sockets.add(socket);
        socket.on('error', () => socket.destroy());
      }
      client.on('data', (data) => {
        if (proxy.cutOn !== undefined && data.includes(proxy.cutOn)) {
          client.destroy();
          upstream.destroy();
        } else {
          upstream.write(data);
        }
      });
      upstream.on('data', (data) => client.write(data));
      client.on('close', () => upstream.destroy());
      upstream.on('close', () => client.destroy());
    });
    return proxy;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }
}
