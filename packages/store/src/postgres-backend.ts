import { createHash } from 'node:crypto';
import { isCodedError } from '@cl-hive/core';
import type { Client, ClientConfig, Pool, PoolClient } from 'pg';
import {
  type Backend,
  type BackendInfo,
  type OpenContext,
  type Pin,
  sleep,
  type Writer,
} from './backend.ts';
import { storeError } from './errors.ts';
import {
  CONNECT_MS_MAX,
  LOCK_POLL_MS,
  LOCK_WAIT_MS,
  POSTGRES_READERS_MAX,
  STATEMENT_MS_MAX,
  TRANSACTION_MS_MAX,
} from './limits.ts';
import { swappedError } from './marker.ts';
import { bringUpToDate, inspect } from './migrator.ts';
import { copyToSqlite } from './portable-copy.ts';
import { translatePostgresError } from './postgres-errors.ts';
import { PostgresSession } from './postgres-session.ts';
import { parsePostgresUrl } from './postgres-url.ts';
import { type Mark, readState } from './schema-state.ts';
import type { Session } from './session.ts';

/** First half of the key of the advisory lock; the second tells schemas apart. */
const LOCK_CLASS = 0x68697665;

/** Opens, and where nothing ever was makes, the tables in the URL's database and schema. */
export async function openPostgres(url: string, context: OpenContext): Promise<Backend> {
  const { Pool } = await loadPg();
  const writer = await connectWriter(url, context);
  try {
    const { place } = writer;
    const state = await inspect(writer.session, context, place);
    const mark = await bringUpToDate(writer, state, context);
    const settings = `-c default_transaction_read_only=on -c statement_timeout=${STATEMENT_MS_MAX}`;
    const pool = new Pool({
      ...(await clientConfig(url, context, settings)),
      max: POSTGRES_READERS_MAX,
    });
    pool.on('error', (error) => {
      context.log('unusual', `database ${place}: a reading connection was lost: ${error.message}`);
    });
    return new PostgresBackend(url, context, writer, mark, pool);
  } catch (error) {
    await writer.end();
    throw error;
  }
}

async function loadPg() {
  return (await import('pg')).default;
}

async function clientConfig(
  url: string,
  context: OpenContext,
  settings: string,
): Promise<ClientConfig> {
  const { connectionString, options } = parsePostgresUrl(url);
  return {
    connectionString,
    options: `${options} ${settings}`.trim(),
    application_name: context.owner,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    keepAlive: true,
  };
}

/**
 * Connects and takes the exclusive lock of the schema. Lock and writes share one session, so that a
 * process that has lost the lock has lost the means to write with it. Throws `store_locked`.
 */
export async function connectWriter(url: string, context: OpenContext): Promise<PostgresWriter> {
  const { Client } = await loadPg();
  const { place } = parsePostgresUrl(url);
  const settings = `-c statement_timeout=${STATEMENT_MS_MAX} -c idle_in_transaction_session_timeout=${TRANSACTION_MS_MAX}`;
  const client = new Client(await clientConfig(url, context, settings));
  const session = new PostgresSession(client, place);
  try {
    await client.connect();
    await secureDurability(session);
    await takeLock(session, context, place);
    return new PostgresWriter(client, session, place);
  } catch (error) {
    await client.end().catch(() => undefined);
    throw translatePostgresError(error, place);
  }
}

async function secureDurability(session: Session): Promise<void> {
  const { rows } = await session.query("select current_setting('synchronous_commit') as value");
  if (rows[0]?.['value'] === 'off') {
    await session.query('set synchronous_commit = on');
  }
}

async function takeLock(session: Session, context: OpenContext, place: string): Promise<void> {
  const { rows } = await session.query('select current_schema()::text as name');
  const schema = rows[0]?.['name'];
  if (typeof schema !== 'string') {
    throw storeError(
      'store_location',
      `the database ${place} has no schema on the search path of this user`,
      'create one, or name one in the URL: ?options=-csearch_path%3DNAME',
    );
  }
  const key = createHash('sha256').update(schema).digest().readInt32BE();
  const deadline = context.clock.monotonic() + LOCK_WAIT_MS;
  for (;;) {
    const got = await session.query('select pg_try_advisory_lock($1::int, $2::int) as got', [
      LOCK_CLASS,
      key,
    ]);
    if (got.rows[0]?.['got'] === 1) {
      return;
    }
    if (context.clock.monotonic() >= deadline) {
      throw storeError(
        'store_locked',
        `the database ${place} is in use by another process`,
        'stop the other instance of this plugin (pg_stat_activity lists it under its name), or give another database or schema',
        { data: { place, schema } },
      );
    }
    await sleep(context.clock, LOCK_POLL_MS);
  }
}

/** The writing connection, which holds the lock. */
class PostgresWriter implements Writer {
  readonly session: PostgresSession;
  readonly place: string;
  readonly #client: Client;

  constructor(client: Client, session: PostgresSession, place: string) {
    this.#client = client;
    this.session = session;
    this.place = place;
  }

  async begin(): Promise<void> {
    await this.session.query('begin isolation level serializable');
  }

  async commit(): Promise<void> {
    let done: boolean;
    try {
      done = await this.session.commit();
    } catch (cause) {
      if (!isCodedError(cause, 'store_unreachable')) {
        throw cause;
      }
      throw storeError(
        'store_outcome_unknown',
        `the connection to ${this.place} broke during COMMIT; whether the transaction is stored is unknown`,
        'read what is stored before trying again',
        { cause, data: { place: this.place } },
      );
    }
    if (!done) {
      throw storeError(
        'store_query',
        `the database ${this.place} undid the transaction at its end`,
        'try again',
      );
    }
  }

  async rollback(): Promise<void> {
    if (!this.session.lost) {
      await this.session.query('rollback').catch(() => this.end());
    }
  }

  /** Ends the connection; the server undoes what is open and frees the lock. */
  async end(): Promise<void> {
    await this.#client.end().catch(() => undefined);
  }
}

class PostgresBackend implements Backend {
  readonly dialect = 'postgres';
  readonly place: string;
  readonly #url: string;
  readonly #context: OpenContext;
  readonly #mark: Mark;
  readonly #pool: Pool;
  readonly #pins = new Set<() => Promise<void>>();
  readonly #readers = new WeakMap<PoolClient, PostgresSession>();
  readonly #leased = new Map<Session, PoolClient>();
  #writer: PostgresWriter;

  constructor(url: string, context: OpenContext, writer: PostgresWriter, mark: Mark, pool: Pool) {
    this.#url = url;
    this.#context = context;
    this.#writer = writer;
    this.#mark = mark;
    this.#pool = pool;
    this.place = writer.place;
  }

  async acquireReader(): Promise<Session> {
    let client: PoolClient;
    try {
      client = await this.#pool.connect();
    } catch (error) {
      throw translatePostgresError(error, this.place);
    }
    const session = this.#readers.get(client) ?? new PostgresSession(client, this.place);
    this.#readers.set(client, session);
    this.#leased.set(session, client);
    return session;
  }

  releaseReader(session: Session): void {
    const client = this.#leased.get(session);
    this.#leased.delete(session);
    client?.release(session instanceof PostgresSession && session.lost);
  }

  async writer(): Promise<Writer> {
    if (this.#writer.session.lost) {
      const writer = await connectWriter(this.#url, this.#context);
      const state = await readState(writer.session, this.#context.owner, this.place);
      if (state.kind === 'empty' || state.mark.databaseId !== this.#mark.databaseId) {
        await writer.end();
        throw swappedError(this.place, this.#context.markerFile ?? 'the running plugin');
      }
      this.#context.log('info', `database ${this.place}: connected again`);
      this.#writer = writer;
    }
    return this.#writer;
  }

  async info(reader: Session): Promise<BackendInfo> {
    const { rows } = await reader.query(
      `select current_setting('server_version') as version,
        pg_database_size(current_database()) as size, current_setting('fsync') as fsync,
        has_database_privilege(current_database(), 'CREATE')::int as makes_schemas`,
    );
    return {
      engine: `PostgreSQL ${String(rows[0]?.['version'])}`,
      sizeBytes: Number(rows[0]?.['size']),
      logBytes: 0,
      durable: rows[0]?.['fsync'] === 'on',
      replaceable: rows[0]?.['makes_schemas'] === 1,
    };
  }

  async pin(): Promise<Pin> {
    const reader = await this.acquireReader();
    let ended = false;
    const end = async (): Promise<void> => {
      if (!ended) {
        ended = true;
        this.#pins.delete(end);
        await reader.query('rollback').catch(() => undefined);
        this.releaseReader(reader);
      }
    };
    this.#pins.add(end);
    try {
      await reader.query('begin isolation level repeatable read read only');
      await reader.query('set local statement_timeout = 0');
      // PostgreSQL takes the snapshot with the first query that reads.
      await reader.query('select 1 from pg_class limit 1');
    } catch (error) {
      await end();
      throw error;
    }
    return { copy: (draft) => copyToSqlite(reader, draft, this.#context, this.place), end };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pins].map((end) => end()));
    await this.#pool.end();
    await this.#writer.end();
  }
}
