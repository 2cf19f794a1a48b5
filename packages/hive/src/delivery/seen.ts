import type { NodeId } from '@cl-hive/core';
import { SEEN_FOR_MS, SEEN_PER_PEER_MAX } from '../limits.ts';

/** Events that were handled, by origin and content; durable. Values are guard times in ms. */
export type Seen = ReadonlyMap<NodeId, ReadonlyMap<string, number>>;

/**
 * Whether an event is new. `fresh`: store `seen` with the event's effect, in one transaction, then
 * acknowledge. `repeated`: acknowledge only. `full`: neither handle nor acknowledge, and raise the
 * alarm; the sender tries again later. One origin's flood takes no place from another's.
 */
export function noteEvent(
  seen: Seen,
  origin: NodeId,
  eventId: string,
  now: number,
): { readonly kind: 'fresh'; readonly seen: Seen } | { readonly kind: 'repeated' | 'full' } {
  const events = seen.get(origin);
  if (events?.has(eventId) === true) {
    return { kind: 'repeated' };
  }
  let kept = events ?? new Map<string, number>();
  if (kept.size >= SEEN_PER_PEER_MAX) {
    kept = new Map([...kept].filter(([, at]) => now - at < SEEN_FOR_MS));
    if (kept.size >= SEEN_PER_PEER_MAX) {
      return { kind: 'full' };
    }
  }
  return { kind: 'fresh', seen: new Map(seen).set(origin, new Map(kept).set(eventId, now)) };
}
