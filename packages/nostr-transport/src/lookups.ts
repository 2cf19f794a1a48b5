import type { Cancel, Clock } from '@cl-hive/core';
import { hasValidSignature, type NostrEvent } from './event.ts';
import type { Filter } from './filter.ts';
import { NOSTR_LIMITS, NOSTR_TIMES } from './limits.ts';

interface Lookup {
  readonly filter: Filter;
  readonly found: NostrEvent[];
  readonly settle: () => void;
}

/** Questions to one relay that are asked once. Its promises never reject: what came in time is the answer. */
export class Lookups {
  readonly #clock: Clock;
  readonly #open = new Map<string, Lookup>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Asks under the subscription id `id`. */
  ask(id: string, filter: Filter, send: (frame: string) => void): Promise<readonly NostrEvent[]> {
    return new Promise((resolve) => {
      const found: NostrEvent[] = [];
      let cancel: Cancel = () => undefined;
      const settle = (): void => {
        cancel();
        this.#open.delete(id);
        resolve(found);
      };
      cancel = this.#clock.after(NOSTR_TIMES.lookup, settle);
      this.#open.set(id, { filter, found, settle });
      send(JSON.stringify(['REQ', id, filter]));
    });
  }

  has(id: string): boolean {
    return this.#open.has(id);
  }

  /** Takes an event if it fits the question and is signed; false when it is no answer. */
  take(id: string, event: NostrEvent): boolean {
    const lookup = this.#open.get(id);
    if (
      lookup === undefined ||
      lookup.found.length >= NOSTR_LIMITS.lookupEvents ||
      lookup.filter.kinds?.includes(event.kind) === false ||
      lookup.filter.authors?.includes(event.pubkey) === false ||
      !hasValidSignature(event)
    ) {
      return false;
    }
    lookup.found.push(event);
    return true;
  }

  /** The relay has no more. */
  end(id: string): void {
    this.#open.get(id)?.settle();
  }

  /** The connection ended. */
  clear(): void {
    for (const lookup of this.#open.values()) {
      lookup.settle();
    }
  }
}
