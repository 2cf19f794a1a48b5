import type { Clock } from '@cl-hive/core';
import { BoundedMap } from './bounded-map.ts';
import { type NostrEvent, newest } from './event.ts';
import type { Filter } from './filter.ts';
import { KINDS } from './kinds.ts';
import { NOSTR_LIMITS } from './limits.ts';

/**
 * Where peers read private messages (NIP-17, kind 10050), as their own signed lists say; remembered for a
 * while, the absence of a list too.
 */
export class PeerRelays {
  readonly #clock: Clock;
  readonly #lookup: (filter: Filter) => Promise<readonly NostrEvent[]>;
  readonly #usable: (url: string) => string | undefined;
  readonly #known = new BoundedMap<
    string,
    { readonly at: number; readonly relays: Promise<readonly string[]> }
  >(NOSTR_LIMITS.peersRemembered);

  /** `usable` gives the address under which a relay of a list may be dialled, if it may. */
  constructor(
    clock: Clock,
    lookup: (filter: Filter) => Promise<readonly NostrEvent[]>,
    usable: (url: string) => string | undefined,
  ) {
    this.#clock = clock;
    this.#lookup = lookup;
    this.#usable = usable;
  }

  /** The relays of a peer that may be used; empty when it has named none. */
  async of(peer: string): Promise<readonly string[]> {
    const now = this.#clock.monotonic();
    const known = this.#known.get(peer);
    if (known !== undefined && now - known.at < NOSTR_LIMITS.peerRelaysForMs) {
      return known.relays;
    }
    const asked = this.#ask(peer);
    this.#known.set(peer, { at: now, relays: asked });
    const relays = await asked;
    if (relays.length === 0) {
      // The list may only have been out of reach: ask again before long.
      const at = now - NOSTR_LIMITS.peerRelaysForMs + NOSTR_LIMITS.peerWithoutRelaysForMs;
      this.#known.set(peer, { at, relays: asked });
    }
    return relays;
  }

  async #ask(peer: string): Promise<readonly string[]> {
    const found = await this.#lookup({ kinds: [KINDS.dmRelays], authors: [peer], limit: 1 });
    const named = newest(found)?.tags.filter(([name]) => name === 'relay') ?? [];
    const relays = named.map(([, url]) => this.#usable(url ?? ''));
    return [...new Set(relays.filter((url) => url !== undefined))].slice(
      0,
      NOSTR_LIMITS.relaysPerPeer,
    );
  }
}
