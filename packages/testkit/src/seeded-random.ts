import type { Random } from '@cl-hive/core';

/** Randomness that repeats for the same seed (mulberry32). Not for secrets. */
export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An unsigned 32-bit integer. */
  uint32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** A number from 0, inclusive, to 1, exclusive. */
  float(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  /** An integer from 0, inclusive, to `below`, exclusive. */
  below(below: number): number {
    return Math.floor(this.float() * below);
  }

  /** One of `items`. Throws RangeError when there is none. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) {
      throw new RangeError('nothing to pick from');
    }
    return items[this.below(items.length)] as T;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.uint32() & 0xff);
  }

  /** A generator of its own, so that one consumer's draws do not shift another's. */
  fork(): SeededRandom {
    return new SeededRandom(this.uint32());
  }
}
