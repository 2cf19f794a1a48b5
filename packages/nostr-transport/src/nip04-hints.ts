import type { Clock } from '@cl-hive/core';
import { BoundedMap } from './bounded-map.ts';
import { NOSTR_LIMITS } from './limits.ts';

/** What a NIP-04 writer is told. It holds nothing secret: NIP-04 protects neither text nor parties. */
export const NIP04_HINT =
  'This node does not read NIP-04 messages. Write with a client that sends NIP-17 private messages (NIP-44, gift wrap).';

/** Says who is to get a hint: each writer once in a while, all together not many. */
export class Nip04Hints {
  readonly #clock: Clock;
  readonly #told = new BoundedMap<string, number>(NOSTR_LIMITS.hints * 4);
  #windowAt = Number.NEGATIVE_INFINITY;
  #inWindow = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether `sender` is to be told now, for a message of `createdAt` (Unix seconds). Counts it as told. */
  due(sender: string, createdAt: number): boolean {
    const now = this.#clock.monotonic();
    if (this.#clock.now() - createdAt * 1_000 > NOSTR_LIMITS.hintWindowMs) {
      return false;
    }
    if (now - this.#windowAt >= NOSTR_LIMITS.hintWindowMs) {
      this.#windowAt = now;
      this.#inWindow = 0;
    }
    const last = this.#told.get(sender);
    if (
      this.#inWindow >= NOSTR_LIMITS.hints ||
      (last !== undefined && now - last < NOSTR_LIMITS.hintWindowMs)
    ) {
      return false;
    }
    this.#told.set(sender, now);
    this.#inWindow += 1;
    return true;
  }
}
