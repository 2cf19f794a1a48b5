import type { Cancel, Clock, UnixMs } from '@cl-hive/core';

/** A clock whose timers end with the fleet: an invoice that expires in a week keeps no process alive. */
export class FleetClock implements Clock {
  readonly #inner: Clock;
  readonly #pending = new Set<Cancel>();
  #closed = false;

  constructor(inner: Clock) {
    this.#inner = inner;
  }

  now(): UnixMs {
    return this.#inner.now();
  }

  monotonic(): number {
    return this.#inner.monotonic();
  }

  after(delayMs: number, task: () => void): Cancel {
    if (this.#closed) {
      return () => undefined;
    }
    const stop = this.#inner.after(delayMs, () => {
      this.#pending.delete(cancel);
      task();
    });
    const cancel = (): void => {
      this.#pending.delete(cancel);
      stop();
    };
    this.#pending.add(cancel);
    return cancel;
  }

  /** Cancels all timers, and starts none from now on. */
  close(): void {
    this.#closed = true;
    for (const cancel of this.#pending) {
      cancel();
    }
  }
}
