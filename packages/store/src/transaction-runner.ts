import { AsyncLocalStorage } from 'node:async_hooks';
import { type Clock, describeError, isCodedError } from '@cl-hive/core';
import { type Backend, type StoreLog, sleep, type Writer } from './backend.ts';
import { storeError } from './errors.ts';
import { kyselyOver, Lease } from './lease.ts';
import { CONFLICT_ATTEMPTS_MAX, TRANSACTION_MS_MAX } from './limits.ts';
import { type Transactor, transactorOf } from './transactor.ts';
import { WriterQueue } from './writer-queue.ts';

type Hook = () => void | Promise<void>;
type Work<DB, T> = (transactor: Transactor<DB>) => Promise<T>;

/** Runs transactions one after another: BEGIN, the callback, COMMIT, then the hooks. */
export class TransactionRunner<DB> {
  readonly #backend: Backend;
  readonly #clock: Clock;
  readonly #log: StoreLog;
  readonly #queue = new WriterQueue();
  readonly #current = new AsyncLocalStorage<{ running: boolean }>();

  constructor(backend: Backend, clock: Clock, log: StoreLog) {
    this.#backend = backend;
    this.#clock = clock;
    this.#log = log;
  }

  /** See `Store.transact`. */
  async run<T>(work: Work<DB, T>): Promise<T> {
    if (this.#current.getStore()?.running === true) {
      throw storeError(
        'store_nested_transaction',
        'transact was called inside a transaction, which would wait for itself',
        'pass the transactor on instead of the store',
      );
    }
    const hooks: Hook[] = [];
    const value = await this.#queue.run(() => this.#attempts(work, hooks));
    await this.#callHooks(hooks);
    return value;
  }

  /** Resolves when all transactions that were begun or wait have ended. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  async #attempts<T>(work: Work<DB, T>, hooks: Hook[]): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      hooks.length = 0;
      try {
        return await this.#attempt(work, hooks);
      } catch (error) {
        if (!isCodedError(error, 'store_conflict') || attempt >= CONFLICT_ATTEMPTS_MAX) {
          throw error;
        }
        await sleep(this.#clock, 5 * 2 ** attempt);
      }
    }
  }

  async #attempt<T>(work: Work<DB, T>, hooks: Hook[]): Promise<T> {
    const writer = await this.#backend.writer();
    await writer.begin();
    const lease = new Lease(writer.session);
    try {
      const value = await this.#callWork(work, lease, hooks);
      await lease.end();
      if (lease.failure !== undefined) {
        throw lease.failure;
      }
      await commit(writer);
      return value;
    } catch (error) {
      await lease.end();
      await writer.rollback();
      // A conflict is retried also where the callback wrapped it in an error of its own.
      throw isCodedError(lease.failure, 'store_conflict') ? lease.failure : error;
    }
  }

  async #callWork<T>(work: Work<DB, T>, lease: Lease, hooks: Hook[]): Promise<T> {
    const db = kyselyOver<DB>(this.#backend.dialect, lease);
    const scope = { running: true };
    let cancel = () => {};
    const late = new Promise<never>((_, reject) => {
      cancel = this.#clock.after(TRANSACTION_MS_MAX, () => {
        reject(
          storeError(
            'store_timeout',
            `a transaction took longer than ${TRANSACTION_MS_MAX} ms and was undone`,
            'wait for nothing but the database inside transact',
          ),
        );
      });
    });
    try {
      const done = this.#current.run(scope, () =>
        work(transactorOf(db, this.#backend.dialect, hooks)),
      );
      return await Promise.race([done, late]);
    } finally {
      cancel();
      scope.running = false;
    }
  }

  async #callHooks(hooks: readonly Hook[]): Promise<void> {
    for (const hook of hooks) {
      try {
        await hook();
      } catch (error) {
        this.#log('broken', `database: a hook failed after its commit: ${describeError(error)}`);
      }
    }
  }
}

/** A disk fault while committing leaves open whether the log reached the disk. */
async function commit(writer: Writer): Promise<void> {
  try {
    await writer.commit();
  } catch (cause) {
    if (!isCodedError(cause, 'store_io')) {
      throw cause;
    }
    throw storeError(
      'store_outcome_unknown',
      'the disk failed during COMMIT; whether the transaction is stored is unknown',
      'check the disk and restart the plugin; read what is stored before trying again',
      { cause },
    );
  }
}
