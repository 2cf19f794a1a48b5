import {
  type GuardClock,
  newGuardClock,
  restartedGuardClock,
  tickGuardClock,
} from '@cl-hive/comms';
import type { Clock, UnixMs } from '@cl-hive/core';
import { WALL_CLOCK_BACK_MS, WALL_CLOCK_SECONDS_MIN } from '../limits.ts';

/** Time as it was stored last. */
export interface StoredTime {
  /** Guard time, ms since 1970. */
  readonly guardMs: number;
  readonly wall: UnixMs;
}

/**
 * The hive's two times. Guard time decides: it starts as the wall clock of the day the database was
 * made, only grows, and no step of the wall clock moves it. Wall time labels, and judges the labels
 * of others; after a start it counts only if it did not fall behind what was stored.
 */
export class HiveTime {
  readonly #clock: Clock;
  readonly #before: StoredTime | undefined;
  #guard: GuardClock;

  constructor(clock: Clock, stored: StoredTime | undefined) {
    const wall = clock.now();
    this.#clock = clock;
    this.#before = stored;
    this.#guard =
      stored === undefined
        ? { ...newGuardClock(wall), guardMs: wall }
        : restartedGuardClock(stored.guardMs, stored.wall);
    this.now();
  }

  /** Guard time, ms since 1970. */
  now(): number {
    this.#guard = tickGuardClock(this.#guard, this.#clock.now(), this.#clock.monotonic()).clock;
    return this.#guard.guardMs;
  }

  /** Wall time in seconds, for labels. */
  wallSeconds(): number {
    return Math.floor(this.#clock.now() / 1000);
  }

  /** Wall time in seconds for judging others' times; undefined while the clock cannot be believed. */
  confirmedSeconds(): number | undefined {
    const wall = this.#clock.now();
    const lost = wall < (this.#before?.wall ?? 0) - WALL_CLOCK_BACK_MS;
    const seconds = Math.floor(wall / 1000);
    return lost || seconds < WALL_CLOCK_SECONDS_MIN ? undefined : seconds;
  }

  /** What to store, so that the next start goes on from here. */
  toStore(): StoredTime {
    return { guardMs: this.now(), wall: this.#clock.now() };
  }
}
