import type { NodeId } from '@cl-hive/core';
import type { Member, MemberState } from '@cl-hive/hive';
import type { WireObject } from '@cl-hive/protocol';

/** Members of a gossip that a full sync's state carries on as they are. */
const CARRIED = [
  'budget_available_sats',
  'budget_reserved_until',
  'budget_last_update',
  'capabilities',
] as const;

/** A signed word as an entry of a full sync, with what the original reads there. */
export function syncState({ peer, version, lastUpdate, raw }: MemberState): WireObject {
  const carried = CARRIED.flatMap((key) => {
    const value = raw[key];
    return value === undefined ? [] : [[key, value] as const];
  });
  return {
    peer_id: peer,
    capacity_sats: raw['capacity_sats'] ?? 0,
    available_sats: raw['available_sats'] ?? 0,
    fee_policy: raw['fee_policy'] ?? {},
    topology: raw['topology'] ?? [],
    version,
    last_update: lastUpdate,
    state_hash: '',
    ...Object.fromEntries(carried),
  };
}

/** The members as a full sync lists them, with the addresses they gossiped. */
export function syncMembers(
  members: ReadonlyMap<NodeId, Member>,
  words: readonly MemberState[],
): readonly WireObject[] {
  const said = new Map(words.map(({ peer, raw }) => [peer, raw['addresses']]));
  return [...members].map(([peer_id, { tier, joinedAt }]) => {
    const addresses = said.get(peer_id);
    const entry = { peer_id, tier, joined_at: joinedAt };
    return Array.isArray(addresses) && addresses.length > 0 ? { ...entry, addresses } : entry;
  });
}
