import type { MemberState } from '@cl-hive/hive';
import {
  decodeHiveMessage,
  encodeHiveMessage,
  gossipDataHash,
  type KnownHiveMessage,
  type WireObject,
} from '@cl-hive/protocol';

/** A decoded gossip as its author's word. */
export function stateOfGossip({ payload, raw }: KnownHiveMessage<'GOSSIP'>): MemberState {
  return {
    peer: payload.peer_id,
    version: payload.version,
    lastUpdate: payload.timestamp,
    capacitySat: BigInt(payload.capacity_sats),
    availableSat: BigInt(payload.available_sats),
    dataHash: gossipDataHash(raw),
    topology: payload.topology,
    raw,
  };
}

/** Reads a gossip's payload that was kept or handed on. Throws TypeError where it is none. */
export function gossipOf(raw: WireObject): KnownHiveMessage<'GOSSIP'> {
  const decoded = decodeHiveMessage(encodeHiveMessage('GOSSIP', raw));
  if (!decoded.ok || decoded.value.kind !== 'known' || decoded.value.name !== 'GOSSIP') {
    throw new TypeError('the payload is no gossip');
  }
  return decoded.value;
}

/** The word in a gossip's payload. Throws TypeError where it is none. */
export function stateOf(raw: WireObject): MemberState {
  return stateOfGossip(gossipOf(raw));
}
