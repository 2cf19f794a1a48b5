import { SENDER_BURST, SENDER_PER_SECOND, SENDERS_MAX } from '../transports/limits.ts';

interface Allowance {
  tokens: number;
  /** Monotonic milliseconds at which `tokens` was right. */
  at: number;
}

/** Bounds of {@link SenderRates}; tests take smaller ones. */
export interface SenderRateBounds {
  readonly burst: number;
  readonly perSecond: number;
  readonly senders: number;
}

const BOUNDS: SenderRateBounds = {
  burst: SENDER_BURST,
  perSecond: SENDER_PER_SECOND,
  senders: SENDERS_MAX,
};

/**
 * How many messages each sender may deliver, before anything is read: a burst, then a steady rate.
 * Memory is bounded: when it is full, senders whose allowance is whole again are forgotten, and while
 * there is none, newcomers share one allowance. Time is monotonic milliseconds.
 */
export class SenderRates {
  readonly #bounds: SenderRateBounds;
  /** In the order of last use. */
  readonly #known = new Map<string, Allowance>();
  readonly #shared: Allowance;

  constructor(bounds: SenderRateBounds = BOUNDS) {
    this.#bounds = bounds;
    this.#shared = { tokens: bounds.burst, at: 0 };
  }

  /** How many senders are remembered. */
  get size(): number {
    return this.#known.size;
  }

  /** Asks for one more message of `sender`, and counts it when it may come in. */
  take(sender: string, now: number): boolean {
    const allowance = this.#find(sender, now);
    this.#refill(allowance, now);
    if (allowance.tokens < 1) {
      return false;
    }
    allowance.tokens -= 1;
    return true;
  }

  #find(sender: string, now: number): Allowance {
    const known = this.#known.get(sender);
    if (known !== undefined) {
      this.#known.delete(sender);
      this.#known.set(sender, known);
      return known;
    }
    const [oldest] = this.#known;
    if (this.#known.size >= this.#bounds.senders && oldest !== undefined) {
      const [name, allowance] = oldest;
      this.#refill(allowance, now);
      if (allowance.tokens < this.#bounds.burst) {
        return this.#shared;
      }
      this.#known.delete(name);
    }
    const fresh = { tokens: this.#bounds.burst, at: now };
    this.#known.set(sender, fresh);
    return fresh;
  }

  #refill(allowance: Allowance, now: number): void {
    const gained = (Math.max(0, now - allowance.at) / 1000) * this.#bounds.perSecond;
    allowance.tokens = Math.min(this.#bounds.burst, allowance.tokens + gained);
    allowance.at = now;
  }
}
