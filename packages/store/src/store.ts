import type { Clock } from '@cl-hive/core';
import type { Backend, StoreLog } from './backend.ts';
import { writeBackup } from './backup.ts';
import type { BackupManifest } from './backup-manifest.ts';
import { listTables } from './catalog.ts';
import { digestTables, type TableDigest } from './digest.ts';
import { storeError } from './errors.ts';
import { type HeldState, holdState } from './held-state.ts';
import { kyselyOver, type SessionSource } from './lease.ts';
import { checkMigrations, type Migration } from './migration.ts';
import type { Owner } from './ownership.ts';
import { openPostgres } from './postgres-backend.ts';
import { isPostgresUrl } from './postgres-url.ts';
import { readState } from './schema-state.ts';
import { openSqlite, resolveFile } from './sqlite-backend.ts';
import { TransactionRunner } from './transaction-runner.ts';
import { type Reader, readerOf, type Transactor } from './transactor.ts';
import { WriterQueue } from './writer-queue.ts';

/** What a store is opened with. */
export interface StoreOptions {
  /** Path of an SQLite file, or a `postgres://` URL. */
  readonly location: string;
  /** The plugin whose database it is. */
  readonly owner: Owner;
  /** All migrations, numbered from 1; the missing ones run on opening. */
  readonly migrations: readonly Migration[];
  readonly clock: Clock;
  readonly log: StoreLog;
  /**
   * File that remembers that the database was made; by default `<file>.marker` beside an SQLite file,
   * none for PostgreSQL.
   */
  readonly markerFile?: string;
}

/** What is known of an open store. */
export interface StoreInfo {
  readonly dialect: 'sqlite' | 'postgres';
  /** The path, or the URL without password. */
  readonly location: string;
  readonly engine: string;
  readonly owner: Owner;
  readonly databaseId: string;
  readonly schemaVersion: number;
  /** How often the database was restored from a backup. */
  readonly generation: number;
  readonly sizeBytes: number;
  /** SQLite's write-ahead log; it grows while somebody else reads for long. 0 on PostgreSQL. */
  readonly logBytes: number;
  /** Whether an acknowledged commit survives a power cut, as far as settings tell. */
  readonly durable: boolean;
  /** Whether a restored database can take its place: on PostgreSQL a schema for the old tables has to be made. */
  readonly replaceable: boolean;
}

/** An open database, in use by nobody else. */
export interface Store<DB> {
  /** Committed state. Cannot write: neither by type, nor by its connection. */
  readonly reader: Reader<DB>;
  /**
   * Runs `work` in a transaction; when it resolves, the writes are on disk. Undone when `work` throws
   * or any of its statements failed. Transactions run one after another; on PostgreSQL, `work` may
   * run again after a serialization failure, so that it must have no other effect than its writes.
   * Throws StoreErrors, and whatever `work` throws.
   */
  transact<T>(work: (transactor: Transactor<DB>) => Promise<T>): Promise<T>;
  /** Writes a verified copy of one moment to the new file `to`, while transactions go on. */
  backup(to: string): Promise<BackupManifest>;
  /**
   * Stops writing between two transactions and keeps hold of that moment, so that several databases
   * can be copied as of one: hold all, release all, then back each up. Writing goes on by itself after
   * 700 ms.
   */
  hold(): Promise<HeldState>;
  info(): Promise<StoreInfo>;
  /** Count and digest of the rows of each table, or of those named that exist; the store's own too. */
  digests(only?: readonly string[]): Promise<readonly TableDigest[]>;
  /** Waits for what runs, then lets go of the database. Twice is once. */
  close(): Promise<void>;
}

/**
 * Opens a database for its owner alone, makes it where there never was one, and brings its schema up
 * to date. Throws StoreErrors that name culprit and remedy; whatever it refuses, it leaves untouched.
 */
export async function openStore<DB>(options: StoreOptions): Promise<Store<DB>> {
  checkMigrations(options.migrations);
  const { location } = options;
  if (isPostgresUrl(location)) {
    const context = { ...options, markerFile: options.markerFile };
    return new OpenedStore<DB>(await openPostgres(location, context), options);
  }
  const file = resolveFile(location);
  const context = { ...options, markerFile: options.markerFile ?? `${file}.marker` };
  return new OpenedStore<DB>(await openSqlite(file, context), options);
}

class OpenedStore<DB> implements Store<DB> {
  readonly reader: Reader<DB>;
  readonly #backend: Backend;
  readonly #options: StoreOptions;
  readonly #transactions: TransactionRunner<DB>;
  readonly #backups = new WriterQueue();
  readonly #running = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(backend: Backend, options: StoreOptions) {
    this.#backend = backend;
    this.#options = options;
    this.#transactions = new TransactionRunner<DB>(backend, options.clock, options.log);
    const source: SessionSource = {
      acquire: () => {
        this.#refuseClosed();
        return backend.acquireReader();
      },
      release: (session) => {
        backend.releaseReader(session);
      },
    };
    this.reader = readerOf(kyselyOver<DB>(backend.dialect, source), backend.dialect);
  }

  async transact<T>(work: (transactor: Transactor<DB>) => Promise<T>): Promise<T> {
    this.#refuseClosed();
    return this.#transactions.run(work);
  }

  async backup(to: string): Promise<BackupManifest> {
    this.#refuseClosed();
    // One at a time: each clears away what a killed one has left beside its target.
    return this.#track(
      this.#backups.run(async () => {
        const pin = await this.#backend.pin();
        try {
          return await writeBackup(pin, this.#options, to);
        } finally {
          await pin.end();
        }
      }),
    );
  }

  async hold(): Promise<HeldState> {
    this.#refuseClosed();
    return holdState({
      transact: (work) => this.#transactions.run(work),
      pin: () => this.#backend.pin(),
      backup: (pin, to) =>
        this.#track(this.#backups.run(() => writeBackup(pin, this.#options, to))),
      clock: this.#options.clock,
    });
  }

  async info(): Promise<StoreInfo> {
    this.#refuseClosed();
    return this.#track(this.#readInfo());
  }

  async digests(only?: readonly string[]): Promise<readonly TableDigest[]> {
    this.#refuseClosed();
    return this.#track(this.#readDigests(only));
  }

  async #readDigests(only?: readonly string[]): Promise<readonly TableDigest[]> {
    const reader = await this.#backend.acquireReader();
    const server = this.#backend.dialect === 'postgres';
    try {
      // Rows are read through cursors there, which live in a transaction.
      await (server && reader.query('begin isolation level repeatable read read only'));
      const tables = await listTables(reader);
      return await digestTables(
        reader,
        tables.filter((name) => only?.includes(name) !== false),
      );
    } finally {
      await (server && reader.query('rollback').catch(() => undefined));
      this.#backend.releaseReader(reader);
    }
  }

  async #readInfo(): Promise<StoreInfo> {
    const { owner } = this.#options;
    const { dialect, place } = this.#backend;
    const reader = await this.#backend.acquireReader();
    try {
      const state = await readState(reader, owner, place);
      if (state.kind === 'empty') {
        throw storeError(
          'store_missing',
          `the tables in ${place} are gone`,
          'stop the plugin and restore a backup',
        );
      }
      const { databaseId, generation } = state.mark;
      return {
        dialect,
        location: place,
        owner,
        databaseId,
        generation,
        schemaVersion: state.applied.length,
        ...(await this.#backend.info(reader)),
      };
    } finally {
      this.#backend.releaseReader(reader);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#transactions.idle();
    await Promise.allSettled(this.#running);
    await this.#backend.close();
  }

  async #track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    try {
      return await work;
    } finally {
      this.#running.delete(work);
    }
  }

  #refuseClosed(): void {
    if (this.#closing !== undefined) {
      throw storeError(
        'store_closed',
        'the database was closed',
        'this happens while the plugin stops; nothing was stored',
      );
    }
  }
}
