import type { UnixMs } from './units.ts';

/** What may be cancelled; calling it twice does nothing more. */
export type Cancel = () => void;

/**
 * Time as an input. Decisions get `now` as a value; only runners hold a clock, and tests hold a
 * virtual one.
 */
export interface Clock {
  /** Wall-clock time; may step in either direction. */
  now(): UnixMs;
  /** Milliseconds that only grow, from an unspecified origin. */
  monotonic(): number;
  /** Calls `task` once after `delayMs`; any delay is honoured, also beyond 2^31 - 1 ms. */
  after(delayMs: number, task: () => void): Cancel;
}

/** Randomness as an input. */
export interface Random {
  /** `length` bytes, unpredictable in production, repeatable in tests. */
  bytes(length: number): Uint8Array;
}
