import type { Cancel, Clock, UnixMs } from '@cl-hive/core';

const TIMER_MAX_MS = 2 ** 31 - 1;

/** The machine's time. Timers keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now() as UnixMs,
  monotonic: () => performance.now(),
  after(delayMs: number, task: () => void): Cancel {
    const due = performance.now() + delayMs;
    let timer: NodeJS.Timeout;
    const arm = (): void => {
      const left = due - performance.now();
      timer =
        left > TIMER_MAX_MS ? setTimeout(arm, TIMER_MAX_MS) : setTimeout(task, Math.max(0, left));
    };
    arm();
    return () => {
      clearTimeout(timer);
    };
  },
};
