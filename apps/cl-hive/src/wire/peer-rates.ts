import type { NodeId } from '@cl-hive/core';
import { allow, RATE_ENTRIES_MAX } from '@cl-hive/hive';
import { RATE_SWEEP_MS } from '../limits.ts';

/** What peers may still send, kept in place: ten thousand strangers cost no more each than the first. */
export class PeerRates {
  readonly #whole = new Map<string, number>();
  #sweptAt = Number.NEGATIVE_INFINITY;

  /** Whether `peer` may send one more message of `type` at guard time `now`, ms. */
  take(peer: NodeId, type: string, now: number): boolean {
    const key = `${peer}/${type}`;
    const known = this.#whole.get(key);
    if (known === undefined && this.#whole.size >= RATE_ENTRIES_MAX && !this.#sweep(now)) {
      return false;
    }
    const { allowed, rates } = allow(
      known === undefined ? new Map() : new Map([[key, known]]),
      peer,
      type,
      now,
    );
    this.#whole.set(key, rates.get(key) ?? now);
    return allowed;
  }

  /** Forgets whose allowance is whole again, not more often than is cheap; whether there is room. */
  #sweep(now: number): boolean {
    if (now - this.#sweptAt >= RATE_SWEEP_MS) {
      this.#sweptAt = now;
      for (const [key, at] of this.#whole) {
        if (at <= now) {
          this.#whole.delete(key);
        }
      }
    }
    return this.#whole.size < RATE_ENTRIES_MAX;
  }
}
