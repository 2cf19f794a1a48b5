import type { Clock } from '@cl-hive/core';
import { LOOP_LAG_PERIOD_MS, LOOP_LAG_QUIET_MS, LOOP_LAG_WARN_MS } from '../limits.ts';
import type { Logger } from '../log.ts';

/**
 * Warns when the event loop was held up: with `rpc_command` hooked, a busy loop stalls every RPC of
 * the node. Runs by itself in plugins with that hook, until `signal` is aborted.
 */
export function watchLoop(parts: {
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}): void {
  const { clock, log, signal } = parts;
  let quietUntil = 0;
  const measure = (due: number): void => {
    if (signal.aborted) {
      return;
    }
    const now = clock.monotonic();
    const late = Math.round(now - due);
    if (late > LOOP_LAG_WARN_MS && now >= quietUntil) {
      quietUntil = now + LOOP_LAG_QUIET_MS;
      log.warn(`the event loop was busy for ${late} ms; move the work to a worker (runInWorker)`);
    }
    clock.after(LOOP_LAG_PERIOD_MS, () => measure(now + LOOP_LAG_PERIOD_MS));
  };
  const first = clock.monotonic() + LOOP_LAG_PERIOD_MS;
  clock.after(LOOP_LAG_PERIOD_MS, () => measure(first));
}
