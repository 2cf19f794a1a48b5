import type { JsonObject } from '@cl-hive/core';

/** What became of a message. */
export type Fate =
  | 'taken'
  | 'refused'
  | 'later'
  | 'repeated'
  | 'unhandled'
  | 'unknown_type'
  | 'not_decoded'
  | 'over_rate'
  | 'stranger'
  | 'banned'
  | 'bad_signature'
  | 'not_its_word'
  | 'full'
  | 'failed';

/** Counts of what came in, by type and by what became of it; types come from a closed list. */
export class WireCounts {
  readonly #counts = new Map<string, Map<Fate, number>>();

  add(type: string, fate: Fate): void {
    const fates = this.#counts.get(type) ?? new Map<Fate, number>();
    fates.set(fate, (fates.get(fate) ?? 0) + 1);
    this.#counts.set(type, fates);
  }

  /** How many messages met a fate. */
  total(fate: Fate): number {
    return [...this.#counts.values()].reduce((sum, fates) => sum + (fates.get(fate) ?? 0), 0);
  }

  /** All counts, for people. */
  view(): JsonObject {
    return Object.fromEntries(
      [...this.#counts].map(([type, fates]) => [type, Object.fromEntries(fates)]),
    );
  }
}
