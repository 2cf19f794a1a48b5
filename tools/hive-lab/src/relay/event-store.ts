import { type Event, EventType, EventUtils, type Filter } from '@nostr-relay/common';
import { compareNewestFirst, matchesFilter } from './filter.ts';

/** What became of an event: only `stored` and `ephemeral` ones are passed on to subscribers. */
export type StoreOutcome = 'stored' | 'ephemeral' | 'duplicate' | 'replaced' | 'deleted';

const DELETION_KIND = 5;

/** Events in memory with NIP-01 replacement and NIP-09 deletion; at most `capacity`, the oldest arrivals go first. */
export class EventStore {
  readonly #capacity: number;
  readonly #events = new Map<string, Event>();
  readonly #newestByAddress = new Map<string, Event>();
  readonly #deletionsByAuthor = new Map<string, Event[]>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#events.size;
  }

  /** Takes a verified event. */
  add(event: Event): StoreOutcome {
    if (EventUtils.getType(event.kind) === EventType.EPHEMERAL) {
      return 'ephemeral';
    }
    if (this.#events.has(event.id)) {
      return 'duplicate';
    }
    if (this.#wasDeleted(event)) {
      return 'deleted';
    }
    const address = addressOf(event);
    if (address !== undefined) {
      const current = this.#newestByAddress.get(address);
      if (current !== undefined && compareNewestFirst(current, event) <= 0) {
        return 'replaced';
      }
      if (current !== undefined) {
        this.#events.delete(current.id);
      }
      this.#newestByAddress.set(address, event);
    }
    if (event.kind === DELETION_KIND) {
      this.#applyDeletion(event);
    }
    this.#events.set(event.id, event);
    this.#evict();
    return 'stored';
  }

  /** The events that `filter` selects, newest first, at most `max` and the filter's own limit. */
  find(filter: Filter, max: number): readonly Event[] {
    const found: Event[] = [];
    for (const event of this.#events.values()) {
      if (matchesFilter(event, filter)) {
        found.push(event);
      }
    }
    return found.sort(compareNewestFirst).slice(0, Math.min(filter.limit ?? max, max));
  }

  #wasDeleted(event: Event): boolean {
    const deletions = this.#deletionsByAuthor.get(event.pubkey) ?? [];
    return event.kind !== DELETION_KIND && deletions.some((deletion) => deletes(deletion, event));
  }

  #applyDeletion(deletion: Event): void {
    const earlier = this.#deletionsByAuthor.get(deletion.pubkey) ?? [];
    this.#deletionsByAuthor.set(deletion.pubkey, [...earlier, deletion]);
    for (const event of this.#events.values()) {
      if (event.kind !== DELETION_KIND && deletes(deletion, event)) {
        this.#remove(event);
      }
    }
  }

  #evict(): void {
    for (const event of this.#events.values()) {
      if (this.#events.size <= this.#capacity) {
        return;
      }
      this.#remove(event);
    }
  }

  #remove(event: Event): void {
    this.#events.delete(event.id);
    if (event.kind === DELETION_KIND) {
      const others = this.#deletionsByAuthor.get(event.pubkey)?.filter((other) => other !== event);
      this.#deletionsByAuthor.set(event.pubkey, others ?? []);
    }
    const address = addressOf(event);
    if (address !== undefined && this.#newestByAddress.get(address) === event) {
      this.#newestByAddress.delete(address);
    }
  }
}

function addressOf(event: Event): string | undefined {
  const d = EventUtils.extractDTagValue(event);
  return d === null ? undefined : `${event.kind}:${event.pubkey}:${d}`;
}

function deletes(deletion: Event, event: Event): boolean {
  if (deletion.pubkey !== event.pubkey) {
    return false;
  }
  const address = addressOf(event);
  return deletion.tags.some(
    ([name, value]) =>
      (name === 'e' && value === event.id) ||
      (name === 'a' && value === address && event.created_at <= deletion.created_at),
  );
}
