import {
  RATE_DANGEROUS_PER_WINDOW,
  RATE_PER_WINDOW,
  RATE_SENDERS_MAX,
  RATE_SHARED_BUCKETS,
  RATE_WINDOW_MS,
} from '../limits.ts';

/** Whether a sender may go on, and if not, in how many milliseconds it may. */
export type RateVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly dangerous: boolean; readonly retryAfterMs: number };

/** The last moments at which something was let through: an exact sliding window. */
class Window {
  readonly #limit: number;
  readonly #moments: number[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Milliseconds until one more is let through at `now`; 0 when it is now. */
  wait(now: number): number {
    while (this.#moments[0] !== undefined && this.#moments[0] <= now - RATE_WINDOW_MS) {
      this.#moments.shift();
    }
    const oldest = this.#moments[this.#moments.length - this.#limit];
    return oldest === undefined ? 0 : oldest + RATE_WINDOW_MS - now;
  }

  note(now: number): void {
    this.#moments.push(now);
  }
}

class Sender {
  readonly all = new Window(RATE_PER_WINDOW);
  readonly dangerous = new Window(RATE_DANGEROUS_PER_WINDOW);
  last = 0;
}

/** Bounds of a {@link RateLimiter}; tests take smaller ones. */
export interface RateLimiterBounds {
  readonly senders: number;
  readonly sharedBuckets: number;
}

/**
 * Lets each sender through 60 times in any minute, 5 times for what is dangerous. Memory is bounded:
 * senders are remembered one by one up to a number, and one is forgotten only when its window has
 * passed, so that nobody gets a new allowance by pushing itself out. Beyond it newcomers share
 * buckets. Time is monotonic milliseconds; a refusal uses nothing up.
 *
 * Known principals have a limiter of their own, which strangers cannot fill.
 */
export class RateLimiter {
  readonly #bounds: RateLimiterBounds;
  readonly #salt: number;
  /** In the order of their last use, which is the order in which they may be forgotten. */
  readonly #senders = new Map<string, Sender>();
  readonly #shared = new Map<number, Sender>();

  /** `salt` is a random 32-bit number that makes shared buckets unpredictable. */
  constructor(
    salt: number,
    bounds: RateLimiterBounds = { senders: RATE_SENDERS_MAX, sharedBuckets: RATE_SHARED_BUCKETS },
  ) {
    this.#salt = salt;
    this.#bounds = bounds;
  }

  /** How many senders and shared buckets are remembered. */
  get size(): number {
    return this.#senders.size + this.#shared.size;
  }

  /** Asks for one more request of `sender`, and counts it when it is let through. */
  take(sender: string, dangerous: boolean, now: number): RateVerdict {
    const entry = this.#find(sender, now);
    const wait = entry.all.wait(now);
    const waitDangerous = dangerous ? entry.dangerous.wait(now) : 0;
    if (wait > 0 || waitDangerous > 0) {
      const retryAfterMs = Math.max(wait, waitDangerous);
      return { ok: false, dangerous: waitDangerous > wait, retryAfterMs };
    }
    entry.all.note(now);
    if (dangerous) {
      entry.dangerous.note(now);
    }
    entry.last = now;
    if (this.#senders.delete(sender)) {
      this.#senders.set(sender, entry);
    }
    return { ok: true };
  }

  #find(sender: string, now: number): Sender {
    const known = this.#senders.get(sender);
    if (known !== undefined) {
      return known;
    }
    this.#forgetIdle(now);
    if (this.#senders.size < this.#bounds.senders) {
      const fresh = new Sender();
      fresh.last = now;
      this.#senders.set(sender, fresh);
      return fresh;
    }
    const bucket = this.#bucket(sender);
    const shared = this.#shared.get(bucket) ?? new Sender();
    this.#shared.set(bucket, shared);
    return shared;
  }

  /** Forgets senders whose whole window has passed; a few at a time, the oldest first. */
  #forgetIdle(now: number): void {
    for (const [name, entry] of this.#senders) {
      if (entry.last > now - RATE_WINDOW_MS) {
        return;
      }
      this.#senders.delete(name);
    }
  }

  /** FNV-1a over the salt and the name. */
  #bucket(sender: string): number {
    let hash = (0x811c9dc5 ^ this.#salt) >>> 0;
    for (let at = 0; at < sender.length; at += 1) {
      hash = Math.imul(hash ^ sender.charCodeAt(at), 0x01000193) >>> 0;
    }
    return hash % this.#bounds.sharedBuckets;
  }
}
