import { storeError } from './errors.ts';
import { WRITER_QUEUE_MAX } from './limits.ts';

/** Lets one task run at a time, in order of arrival. */
export class WriterQueue {
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Runs `task` after those before it. Throws `store_overloaded` when too many wait. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#waiting >= WRITER_QUEUE_MAX) {
      throw storeError(
        'store_overloaded',
        `${WRITER_QUEUE_MAX} transactions wait for the database`,
        'look for a slow disk or a transaction that does not end; nothing was stored',
      );
    }
    this.#waiting += 1;
    const mine = this.#tail.then(() => {
      this.#waiting -= 1;
      return task();
    });
    this.#tail = mine.catch(() => undefined);
    return mine;
  }

  /** Resolves when all tasks that were given before have ended. */
  async idle(): Promise<void> {
    await this.#tail;
  }
}
