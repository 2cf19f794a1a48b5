import type { BadFrame } from './frame.ts';
import { NOSTR_LIMITS } from './limits.ts';

/** Why a frame was of no use: it could not be read, was not asked for, is dated ahead, or was forged. */
export type BadReason = BadFrame | 'malformed_event' | 'unasked' | 'future' | 'forged';

/** Frames that came and were of no use, by reason. */
export type BadCounts = Readonly<Partial<Record<BadReason, number>>>;

/** What strangers can have an honest relay deliver; it does not speak against the relay. */
const OF_STRANGERS: ReadonlySet<BadReason> = new Set(['too_long', 'malformed_event', 'future']);

/** Counts the useless frames of one relay. */
export class BadFrames {
  readonly #counts: Partial<Record<BadReason, number>> = {};
  #ofConnection = 0;

  get counts(): BadCounts {
    return { ...this.#counts };
  }

  /** A new connection is judged anew. */
  newConnection(): void {
    this.#ofConnection = 0;
  }

  /** Counts a frame; true when the connection has shown itself hostile. */
  count(reason: BadReason): boolean {
    this.#counts[reason] = (this.#counts[reason] ?? 0) + 1;
    this.#ofConnection += OF_STRANGERS.has(reason) ? 0 : 1;
    return this.#ofConnection >= NOSTR_LIMITS.badFrames;
  }
}
