import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startPostgres, type TestPostgres } from './test-postgres.ts';

/** A database system that tests run on. */
export type DatabaseKind = 'sqlite' | 'postgres';

/** Both, for `describe.each`. */
export const DATABASE_KINDS: readonly DatabaseKind[] = ['sqlite', 'postgres'];

/**
 * Gives a suite fresh locations of one kind; PostgreSQL is started when the first is asked for. Call
 * {@link remove} in `afterAll`.
 */
export class TestDatabases {
  readonly #kind: DatabaseKind;
  #server: Promise<TestPostgres> | undefined;
  #folder: Promise<string> | undefined;
  #count = 0;

  constructor(kind: DatabaseKind) {
    this.#kind = kind;
  }

  /** A temporary folder that is removed at the end. */
  folder(): Promise<string> {
    this.#folder ??= mkdtemp(path.join(tmpdir(), 'hive-store-'));
    return this.#folder;
  }

  /** A location where no database is yet. */
  async location(): Promise<string> {
    if (this.#kind === 'postgres') {
      this.#server ??= startPostgres();
      return (await this.#server).createSchema();
    }
    this.#count += 1;
    return path.join(await this.folder(), `database-${this.#count}`, 'plugin.sqlite3');
  }

  /** Stops and removes everything; stores must be closed before. */
  async remove(): Promise<void> {
    try {
      await (await this.#server)?.stop();
    } finally {
      if (this.#folder !== undefined) {
        await rm(await this.#folder, { recursive: true, force: true });
      }
    }
  }
}
