import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError, describeError } from '@cl-hive/core';

/** How long and how {@link until} waits. */
export interface UntilOptions {
  /** What is waited for, for the error: "node 2 to reach block 101". */
  readonly what: string;
  readonly timeoutMs: number;
  readonly intervalMs?: number;
  /** Ends the waiting with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks `probe` again and again until it gives something other than undefined or false. A throw
 * counts as not yet. Rejects with CodedError `wait_timeout`, which tells the last throw.
 */
export async function until<T>(
  probe: () => T | Promise<T>,
  options: UntilOptions,
): Promise<Exclude<Awaited<T>, undefined | false>> {
  const deadline = performance.now() + options.timeoutMs;
  let last: unknown;
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      const value = await probe();
      last = undefined;
      if (value !== undefined && value !== false) {
        return value as Exclude<Awaited<T>, undefined | false>;
      }
    } catch (error) {
      last = error;
    }
    if (performance.now() >= deadline) {
      const why = last === undefined ? '' : `: ${describeError(last)}`;
      throw new CodedError(
        'wait_timeout',
        `gave up after ${options.timeoutMs / 1000} s waiting for ${options.what}${why}`,
        { cause: last },
      );
    }
    await sleep(options.intervalMs ?? 50);
  }
}
