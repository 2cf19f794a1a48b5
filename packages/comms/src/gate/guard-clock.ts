import type { UnixMs } from '@cl-hive/core';
import { DOWNTIME_CREDIT_MS_MAX } from '../limits.ts';

/**
 * Time for limits and budgets: whole milliseconds that only grow, and at the pace of the monotonic clock
 * while the plugin runs. A step of the wall clock neither opens a cap nor closes it; what passed while
 * the plugin was down is taken from the wall clock, at most the longest window.
 */
export interface GuardClock {
  /** Guard time in milliseconds, since the database was made. */
  readonly guardMs: number;
  /** Wall clock at that moment. */
  readonly wall: UnixMs;
  /** Monotonic clock at that moment; undefined right after a start. */
  readonly monotonicMs: number | undefined;
}

/** A guard clock with what the step of the wall clock was, for an alarm. */
export interface GuardTick {
  readonly clock: GuardClock;
  /**
   * How far the wall clock moved against the monotonic one since the last tick, in ms; 0 after a
   * start, and a millisecond either way from rounding.
   */
  readonly stepMs: number;
}

/** The clock of a new database. */
export function newGuardClock(wall: UnixMs): GuardClock {
  return { guardMs: 0, wall, monotonicMs: undefined };
}

/** The clock as it is stored, read back after a start: the monotonic origin is another one. */
export function restartedGuardClock(guardMs: number, wall: UnixMs): GuardClock {
  return { guardMs, wall, monotonicMs: undefined };
}

/** Moves guard time on to the given readings of both clocks. */
export function tickGuardClock(clock: GuardClock, wall: UnixMs, monotonicMs: number): GuardTick {
  const wallMoved = wall - clock.wall;
  if (clock.monotonicMs === undefined) {
    const passed = Math.min(Math.max(wallMoved, 0), DOWNTIME_CREDIT_MS_MAX);
    return { clock: { guardMs: clock.guardMs + passed, wall, monotonicMs }, stepMs: 0 };
  }
  // Whole milliseconds, as they are stored; the fraction stays for the next tick.
  const passed = Math.floor(Math.max(monotonicMs - clock.monotonicMs, 0));
  return {
    clock: { guardMs: clock.guardMs + passed, wall, monotonicMs: clock.monotonicMs + passed },
    stepMs: wallMoved - passed,
  };
}
