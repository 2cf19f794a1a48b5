import type { Event, Filter } from '@nostr-relay/common';

/** Whether a NIP-01 filter selects an event; all given conditions must hold. `search` is not supported and selects nothing. */
export function matchesFilter(event: Event, filter: Filter): boolean {
  if (filter.search !== undefined) {
    return false;
  }
  return (
    (filter.ids === undefined || filter.ids.includes(event.id)) &&
    (filter.authors === undefined || filter.authors.includes(event.pubkey)) &&
    (filter.kinds === undefined || filter.kinds.includes(event.kind)) &&
    (filter.since === undefined || event.created_at >= filter.since) &&
    (filter.until === undefined || event.created_at <= filter.until) &&
    matchesTags(event, filter)
  );
}

function matchesTags(event: Event, filter: Filter): boolean {
  for (const [key, values] of Object.entries(filter)) {
    if (/^#[a-zA-Z]$/.test(key) && Array.isArray(values)) {
      const name = key.slice(1);
      const wanted: readonly unknown[] = values;
      if (!event.tags.some((tag) => tag[0] === name && wanted.includes(tag[1]))) {
        return false;
      }
    }
  }
  return true;
}

/** The order of query answers (NIP-01): newest first, among equals the lower id first. */
export function compareNewestFirst(a: Event, b: Event): number {
  return b.created_at - a.created_at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}
