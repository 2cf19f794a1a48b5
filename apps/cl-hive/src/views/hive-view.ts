import type { JsonObject } from '@cl-hive/core';
import { MEMBERS_MAX } from '@cl-hive/hive';
import type { Hive } from '../hive.ts';

/**
 * The hive as `hive-status` shows it: the original's members, and what this node is doing.
 * `shareCap` is the share of a node's capacity from which the fleet leaves it alone, 0.01 to 1.
 */
export function hiveView(hive: Hive, shareCap: number): JsonObject {
  const { membership, delivery, dispatcher, post, line, self, state, time } = hive;
  const { hiveId, members, joining, bans } = membership.view();
  const own = members.get(self);
  const neophytes = [...members.values()].filter(({ tier }) => tier === 'neophyte').length;
  return {
    status: members.size > 0 ? 'active' : 'no_members',
    hive_id: hiveId ?? null,
    membership:
      own === undefined
        ? { tier: null, joined_at: null }
        : { tier: own.tier, joined_at: own.joinedAt, pubkey: self },
    members: { total: members.size, member: members.size - neophytes, neophyte: neophytes },
    limits: { max_members: MEMBERS_MAX, market_share_cap: shareCap },
    ...(joining === undefined ? {} : { joining: { peer_id: joining.peer, phase: joining.phase } }),
    ...(hive.joining.turnedAway.size === 0
      ? {}
      : {
          turned_away: [...hive.joining.turnedAway].map(([node, reason]) => ({
            peer_id: node,
            reason,
          })),
        }),
    bans: bans.size,
    connected_members: hive.reachable().length,
    states: {
      version: state.fleet.value.ownVersion,
      known: state.words().length,
      contradicting: state.fleet.value.quarantined.size,
      clock_believed: time.confirmedSeconds() !== undefined,
    },
    fleet: fleetView(hive),
    messages: dispatcher.counts.view(),
    delivery: { ...delivery.counts, ...post.counts, decisions_waiting: line.waiting },
  };
}

/**
 * How far this node and its hive agree, itself among the members. In sync is who said something of
 * itself that this node knows, does not contradict itself, and, while connected, does not tell of
 * another membership than this node's. Whether a member is connected is not asked.
 */
function fleetView({ membership, state, syncing, self }: Hive): JsonObject {
  const { members } = membership.view();
  const { signed, hearsay, quarantined } = state.fleet.value;
  const disagreeing = new Set(syncing.disagreeing());
  const inSync = [...members.keys()].filter(
    (peer) =>
      peer === self ||
      ((signed.has(peer) || hearsay.has(peer)) && !quarantined.has(peer) && !disagreeing.has(peer)),
  );
  return { members: members.size, in_sync: inSync.length };
}
