const HIGH_UNIT = 2 ** 20;

/**
 * Sums of satoshi per slot that stay exact whatever is added and taken away again: a hostile entry
 * beyond 2^53 in total must leave no rounding behind when it goes. Both halves stay below 2^53.
 */
export class SatSums {
  readonly #high: Float64Array;
  readonly #low: Float64Array;

  constructor(length: number, from?: SatSums) {
    this.#high = new Float64Array(length);
    this.#low = new Float64Array(length);
    if (from !== undefined) {
      this.#high.set(from.#high.subarray(0, length));
      this.#low.set(from.#low.subarray(0, length));
    }
  }

  /** Adds `sat`, a safe integer from 0, `times` times (-1 takes it away). */
  add(slot: number, sat: number, times: 1 | -1 = 1): void {
    const low = sat % HIGH_UNIT;
    this.#high[slot] = (this.#high[slot] ?? 0) + (times * (sat - low)) / HIGH_UNIT;
    this.#low[slot] = (this.#low[slot] ?? 0) + times * low;
  }

  /** The sum in sat, at most 2^53 - 1. */
  get(slot: number): number {
    const sum = (this.#high[slot] ?? 0) * HIGH_UNIT + (this.#low[slot] ?? 0);
    return Math.min(sum, Number.MAX_SAFE_INTEGER);
  }
}
