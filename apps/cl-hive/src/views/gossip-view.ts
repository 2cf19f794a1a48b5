import type { JsonObject } from '@cl-hive/core';
import { HEARTBEAT_MS } from '@cl-hive/hive';
import type { Hive } from '../hive.ts';

/** Versions and times of the members' states, with the original's members. */
export function gossipView({ self, state, gossiping, syncing }: Hive): JsonObject {
  const own = state.own.value;
  const { sentAgoMs } = gossiping.view();
  const words = state.words();
  return {
    our_pubkey: self,
    gossip_manager: {
      broadcast_version: state.fleet.value.ownVersion,
      last_broadcast_ago: sentAgoMs === undefined ? null : Math.floor(sentAgoMs / 1000),
      heartbeat_interval: HEARTBEAT_MS / 1000,
      active_peers: words.length,
    },
    our_state: {
      version: own?.version ?? null,
      capacity_sats: own?.capacitySat ?? 0,
      available_sats: own?.availableSat ?? 0,
    },
    fleet_hash: state.fleetHash(),
    membership_hash: syncing.membershipHash(),
    peer_states: Object.fromEntries(
      words.map(({ peer, version, lastUpdate, capacitySat, availableSat }) => [
        peer,
        {
          version,
          last_update: lastUpdate,
          capacity_sats: capacitySat,
          available_sats: availableSat,
          is_self: peer === self,
        },
      ]),
    ),
  };
}
