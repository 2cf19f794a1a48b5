import type { Clock } from '@cl-hive/core';

interface Waiting {
  readonly ready: () => boolean;
  readonly done: () => void;
}

/** Calls that wait for something in the world to come true. */
export class Waits {
  readonly #waiting = new Set<Waiting>();

  /** Looks again at all that is waited for; called after each change of the world. */
  changed(): void {
    for (const waiting of this.#waiting) {
      if (waiting.ready()) {
        waiting.done();
      }
    }
  }

  /**
   * Resolves once `ready` is true. Rejects with what `expired` makes after `timeoutMs` (undefined: never)
   * or when `signal` aborts.
   */
  async until(
    ready: () => boolean,
    clock: Clock,
    timeoutMs: number | undefined,
    signal: AbortSignal,
    expired: () => Error,
  ): Promise<void> {
    if (ready()) {
      return;
    }
    if (signal.aborted) {
      throw expired();
    }
    await new Promise<void>((resolve, reject) => {
      const fail = (): void => {
        finish();
        reject(expired());
      };
      const cancel = timeoutMs === undefined ? undefined : clock.after(timeoutMs, fail);
      const waiting: Waiting = {
        ready,
        done: () => {
          finish();
          resolve();
        },
      };
      const finish = (): void => {
        this.#waiting.delete(waiting);
        cancel?.();
        signal.removeEventListener('abort', fail);
      };
      this.#waiting.add(waiting);
      signal.addEventListener('abort', fail, { once: true });
    });
  }
}
