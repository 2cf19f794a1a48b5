import type { NodeId } from '@cl-hive/core';
import type { RelayHeader } from '@cl-hive/protocol';
import { RELAY_HOPS } from '../limits.ts';

type Relay = NonNullable<RelayHeader['_relay']>;

/** What passes on: the header to send, and to whom. */
export interface RelayDecision {
  readonly relay: Relay;
  readonly to: readonly NodeId[];
}

/**
 * Passes a message on that is fresh by its content, whatever `msg_id` its sender chose, to members
 * that have not had it: with one hop less, at most as many as an original gives. Undefined: its hops
 * are used up, it has passed here, or nobody is left.
 */
export function relayOn(
  self: NodeId,
  from: NodeId,
  received: Relay,
  members: readonly NodeId[],
): RelayDecision | undefined {
  const hops = Math.min(received.ttl, RELAY_HOPS) - 1;
  const { relay_path: path, origin } = received;
  if (hops <= 0 || origin === self || path.includes(self) || path.length >= RELAY_HOPS) {
    return undefined;
  }
  const had = new Set([self, from, origin, ...path]);
  const to = members.filter((member) => !had.has(member));
  return to.length === 0
    ? undefined
    : { relay: { ...received, ttl: hops, relay_path: [...path, self] }, to };
}
