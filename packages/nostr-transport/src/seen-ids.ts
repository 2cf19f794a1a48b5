import type { Clock } from '@cl-hive/core';
import { BoundedMap } from './bounded-map.ts';
import { NOSTR_LIMITS } from './limits.ts';
import type { TransportStorage } from './ports.ts';

/** Ids of events and messages that were dealt with: the recent ones in memory, all of them in the store. */
export class SeenIds {
  readonly #clock: Clock;
  readonly #storage: TransportStorage;
  readonly #recent = new BoundedMap<string, true>(NOSTR_LIMITS.seenInMemory);
  readonly #underWay = new Set<string>();
  #prunedAt: number | undefined;

  constructor(clock: Clock, storage: TransportStorage) {
    this.#clock = clock;
    this.#storage = storage;
  }

  /**
   * Takes an id for the caller, who must `finish` or `release` it; false when it was dealt with or is
   * under way. Rejects as the store does.
   */
  async claim(id: string): Promise<boolean> {
    if (this.#recent.get(id) === true || this.#underWay.has(id)) {
      return false;
    }
    this.#underWay.add(id);
    try {
      if (await this.#storage.hasSeen(id)) {
        this.#recent.set(id, true);
        this.#underWay.delete(id);
        return false;
      }
    } catch (error) {
      this.#underWay.delete(id);
      throw error;
    }
    return true;
  }

  /** Gives ids back: they may come again. */
  release(...ids: readonly string[]): void {
    for (const id of ids) {
      this.#underWay.delete(id);
    }
  }

  /**
   * Marks ids for good. In memory they are marked even when the store rejects, so that nothing is done
   * twice in this process.
   */
  async finish(...ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      this.#recent.set(id, true);
      this.#underWay.delete(id);
    }
    await this.#storage.markSeen(ids, this.#clock.now());
  }

  /**
   * Forgets ids that no subscription reaches back to any more, now and then. `oldestCursor` is that of
   * the relay that is furthest behind, Unix seconds.
   */
  async prune(oldestCursor: number | undefined): Promise<void> {
    const now = this.#clock.monotonic();
    if (this.#prunedAt !== undefined && now - this.#prunedAt < NOSTR_LIMITS.pruneEveryMs) {
      return;
    }
    this.#prunedAt = now;
    const reached = Math.min(this.#clock.now(), (oldestCursor ?? Number.POSITIVE_INFINITY) * 1_000);
    await this.#storage.pruneSeen(reached - NOSTR_LIMITS.seenForMs, NOSTR_LIMITS.seenStored);
  }
}
