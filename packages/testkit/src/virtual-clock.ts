import type { Cancel, Clock, UnixMs } from '@cl-hive/core';

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly task: () => void;
}

/** A clock that moves only when told to; timers run in order of due time, then of creation. */
export class VirtualClock implements Clock {
  #elapsed = 0;
  #offset: number;
  #order = 0;
  #timers: Timer[] = [];

  /** `start` is the wall-clock time at the beginning, Unix milliseconds. */
  constructor(start = 1_700_000_000_000) {
    this.#offset = start;
  }

  now(): UnixMs {
    return (this.#offset + this.#elapsed) as UnixMs;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  after(delayMs: number, task: () => void): Cancel {
    const timer = { due: this.#elapsed + Math.max(0, delayMs), order: this.#order, task };
    this.#order += 1;
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#timers.length;
  }

  /** Moves time forward by `ms` and runs every timer that falls due on the way. */
  advance(ms: number): void {
    const end = this.#elapsed + ms;
    for (;;) {
      const next = this.#timers
        .filter((timer) => timer.due <= end)
        .sort((a, b) => a.due - b.due || a.order - b.order)[0];
      if (next === undefined) {
        break;
      }
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#elapsed = next.due;
      next.task();
    }
    this.#elapsed = end;
  }

  /** Steps the wall clock by `ms`, in either direction, as an operator or NTP would; timers do not notice. */
  step(ms: number): void {
    this.#offset += ms;
  }
}
