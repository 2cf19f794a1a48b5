import type { Clock, UnixMs } from '@cl-hive/core';

/** The machine's clock. Its timers keep the process alive, so that one which is left behind shows. */
export const systemClock: Clock = {
  now: () => Date.now() as UnixMs,
  monotonic: () => performance.now(),
  after: (delayMs, task) => {
    const timer = setTimeout(() => task(), Math.min(delayMs, 2_147_483_647));
    return () => clearTimeout(timer);
  },
};
