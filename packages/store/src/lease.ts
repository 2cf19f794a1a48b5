import { describeError } from '@cl-hive/core';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { storeError } from './errors.ts';
import type { DialectName, Session } from './session.ts';

/** Hands out sessions to Kysely. */
export interface SessionSource {
  acquire(): Promise<Session>;
  release(session: Session): void;
}

/** A Kysely whose every statement runs on a session of `source`. */
export function kyselyOver<DB>(name: DialectName, source: SessionSource): Kysely<DB> {
  const isSqlite = name === 'sqlite';
  const dialect: Dialect = {
    createAdapter: () => (isSqlite ? new SqliteAdapter() : new PostgresAdapter()),
    createDriver: () => new LeaseDriver(source),
    createQueryCompiler: () => (isSqlite ? new SqliteQueryCompiler() : new PostgresQueryCompiler()),
    createIntrospector: (db) =>
      isSqlite ? new SqliteIntrospector(db) : new PostgresIntrospector(db),
  };
  return new Kysely<DB>({ dialect, log: [] });
}

class SessionConnection implements DatabaseConnection {
  readonly session: Session;

  constructor(session: Session) {
    this.session = session;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, affected } = await this.session.query(query.sql, query.parameters);
    return { rows: rows as unknown as R[], numAffectedRows: affected };
  }

  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw storeError(
      'store_query',
      'rows are not streamed: a statement would stay open between turns of the event loop',
      'read pages with orderBy and limit',
    );
  }
}

/** Transactions are begun and ended by the store, never through Kysely. */
class LeaseDriver implements Driver {
  readonly #source: SessionSource;

  constructor(source: SessionSource) {
    this.#source = source;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return new SessionConnection(await this.#source.acquire());
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    if (connection instanceof SessionConnection) {
      this.#source.release(connection.session);
    }
  }

  async beginTransaction(): Promise<void> {
    throw useTransact();
  }

  async commitTransaction(): Promise<void> {
    throw useTransact();
  }

  async rollbackTransaction(): Promise<void> {
    throw useTransact();
  }

  async destroy(): Promise<void> {}
}

function useTransact(): Error {
  return storeError(
    'store_query',
    'transactions are not begun through Kysely',
    'write inside transact',
  );
}

/**
 * The writing session for as long as one transaction lasts. After a failed statement it refuses all
 * others, as PostgreSQL does and SQLite does not; after the end it refuses everything.
 */
export class Lease implements SessionSource {
  readonly #session: Session;
  readonly #pending = new Set<Promise<unknown>>();
  #failure: Error | undefined;
  #over = false;

  constructor(session: Session) {
    this.#session = session;
  }

  /** What the first failed statement threw; undefined while none has failed. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  async acquire(): Promise<Session> {
    return {
      dialect: this.#session.dialect,
      query: (sql, parameters) => this.#query(sql, parameters),
      rawRows: (table, columns) => this.#session.rawRows(table, columns),
      insertRaw: (table, columns, rows) => this.#session.insertRaw(table, columns, rows),
    };
  }

  release(): void {}

  /** Refuses further statements and waits for those that run. */
  async end(): Promise<void> {
    this.#over = true;
    await Promise.allSettled(this.#pending);
  }

  async #query(sql: string, parameters?: readonly unknown[]) {
    if (this.#over || this.#failure !== undefined) {
      throw storeError(
        'store_transaction_over',
        this.#over
          ? 'a transaction was used after its end'
          : 'a transaction was used after one of its statements had failed',
        'await every statement inside transact, and let its failures pass',
        { cause: this.#failure },
      );
    }
    const running = this.#session.query(sql, parameters);
    this.#pending.add(running);
    try {
      return await running;
    } catch (error) {
      this.#failure ??= error instanceof Error ? error : new Error(describeError(error));
      throw error;
    } finally {
      this.#pending.delete(running);
    }
  }
}
