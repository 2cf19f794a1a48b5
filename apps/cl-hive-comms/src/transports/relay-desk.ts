import { CodedError, isJsonObject, type JsonObject } from '@cl-hive/core';
import { NOSTR_LIMITS, ownRelayUrl } from '@cl-hive/nostr-transport';
import { type AdminParts, administer } from '../pipeline/admin.ts';
import { dropRelay, listRelays, putRelay } from '../store/relay-records.ts';
import { type ListedRelay, type RelayList, relayList } from './relay-list.ts';
import type { TransportPort } from './transport-port.ts';

/** What a {@link RelayDesk} works with. */
export interface RelayParts extends AdminParts {
  /** Values of the option, as they were given. */
  readonly option: readonly string[];
  readonly nostr: () => TransportPort | undefined;
}

/** Why a change about relays was refused, beside `relay_url`. */
export type RelayChangeErrorCode = 'relays_full' | 'relay_unknown';

/** The node's own relays: those of the option, with what the operator changed since. */
export class RelayDesk {
  readonly #parts: RelayParts;
  #list: RelayList;

  constructor(parts: RelayParts) {
    this.#parts = parts;
    this.#list = relayList(parts.option, []);
  }

  get problems(): RelayList['problems'] {
    return this.#list.problems;
  }

  /** Reads what is stored; gives the relays in use. */
  async load(): Promise<readonly ListedRelay[]> {
    this.#list = relayList(this.#parts.option, await listRelays(this.#parts.store.reader));
    return this.#list.relays;
  }

  /** Adds or takes out a relay; false when it was so already. Throws `relay_url`, `relays_full`, `relay_unknown`. */
  async change(change: { readonly add: string } | { readonly remove: string }): Promise<boolean> {
    await this.load();
    return 'add' in change
      ? this.#add(ownRelayUrl(change.add))
      : this.#remove(ownRelayUrl(change.remove));
  }

  /** The relays with who named them and how they fare, for people. */
  view(): JsonObject {
    const detail = this.#parts.nostr()?.health().detail['relays'];
    const known = Array.isArray(detail) ? detail.filter(isJsonObject) : [];
    return {
      relays: this.#list.relays.map(({ url, from }) => {
        const { own, url: _, ...health } = known.find((one) => one['url'] === url) ?? {};
        return { url, from, ...(own === undefined ? { health: 'off' } : health) };
      }),
      removed: [...this.#list.removed],
      problems: this.#list.problems.map((problem) => ({ ...problem })),
    };
  }

  async #add(url: string): Promise<boolean> {
    const { relays } = this.#list;
    if (relays.some((relay) => relay.url === url)) {
      return false;
    }
    if (relays.length >= NOSTR_LIMITS.relaysPerEvent) {
      throw new CodedError<RelayChangeErrorCode>(
        'relays_full',
        `add: ${relays.length} relays are in use, more are not`,
        { remedy: 'remove one first: hive-client-identity -k action=relays remove=wss://...' },
      );
    }
    await administer(this.#parts, 'relay_added', async (tx, now) => {
      await putRelay(tx, { url, state: 'added' }, now);
      return { value: undefined, receipt: { url } };
    });
    return true;
  }

  async #remove(url: string): Promise<boolean> {
    const known = this.#list.relays.find((relay) => relay.url === url);
    if (known === undefined) {
      throw new CodedError<RelayChangeErrorCode>(
        'relay_unknown',
        `remove: ${url} is none of the relays in use`,
        { remedy: 'see hive-client-identity relays for those that are' },
      );
    }
    await administer(this.#parts, 'relay_removed', async (tx, now) => {
      await (known.from === 'command'
        ? dropRelay(tx, url)
        : putRelay(tx, { url, state: 'removed' }, now));
      return { value: undefined, receipt: { url } };
    });
    return true;
  }
}
