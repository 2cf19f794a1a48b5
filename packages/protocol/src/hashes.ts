import { bytesToHex } from '@cl-hive/core';
import { sha256 } from '@noble/hashes/sha2.js';
import { canonicalJson } from './canonical-json.ts';
import { compareCodePoints } from './code-points.ts';
import { type HiveMessageName, messageType } from './message-types.ts';
import { utf8ToBytes } from './utf8.ts';
import { isWireObject, member, type WireObject, type WireValue } from './wire-value.ts';

/** SHA-256 of `text` in lower-case hexadecimal. */
export function sha256Hex(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}

/** SHA-256 of the canonical JSON of `value`. */
export function canonicalHash(value: unknown): string {
  return sha256Hex(canonicalJson(value));
}

/** What the fleet hash covers of a member's state; times in seconds. */
export interface FleetHashEntry {
  readonly peer_id: string;
  readonly version: number;
  readonly last_update: number;
}

function byPeer(a: { readonly peer_id: string }, b: { readonly peer_id: string }): number {
  return compareCodePoints(a.peer_id, b.peer_id);
}

/**
 * The fleet hash: over `{peer_id, timestamp, version}` of every state, sorted by peer, where
 * `timestamp` is the state's `last_update`. It covers no amount, fee or topology.
 */
export function fleetHash(states: readonly FleetHashEntry[]): string {
  return canonicalHash(
    states
      .map(({ peer_id, version, last_update }) => ({ peer_id, version, timestamp: last_update }))
      .sort(byPeer),
  );
}

/** The membership hash: over `[peer_id, tier]` of every member, sorted by peer. */
export function membershipHash(
  members: readonly { readonly peer_id: string; readonly tier: string }[],
): string {
  return canonicalHash([...members].sort(byPeer).map(({ peer_id, tier }) => [peer_id, tier]));
}

/**
 * The hash of a full sync's members that its sender signs: over `{joined_at, peer_id, tier}`,
 * sorted by peer; the empty text when there are none. The states are not signed at all: only their
 * ids, versions and times are, through the fleet hash.
 */
export function syncMembersHash(
  members: readonly {
    readonly peer_id: string;
    readonly tier: string;
    readonly joined_at: number;
  }[],
): string {
  return members.length === 0
    ? ''
    : canonicalHash(
        members.map(({ peer_id, tier, joined_at }) => ({ peer_id, tier, joined_at })).sort(byPeer),
      );
}

/**
 * The data hash that a gossip's signature covers: over `{available_sats, capacity_sats, fee_policy,
 * topology}`, topology sorted. `raw` is the payload as it was sent: a float must stay one.
 */
export function gossipDataHash(raw: WireObject): string {
  return canonicalHash({
    capacity_sats: member(raw, 'capacity_sats') ?? 0,
    available_sats: member(raw, 'available_sats') ?? 0,
    fee_policy: member(raw, 'fee_policy') ?? {},
    topology: texts(member(raw, 'topology')).sort(compareCodePoints),
  });
}

function texts(value: WireValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}

/** Members that relays add, and so no part of a message's content. */
const RELAYED = new Set([
  '_relay',
  'msg_id',
  'ttl',
  'relay_path',
  '_envelope_version',
  '_event_id',
]);

/**
 * The id under which originals keep a message from running in circles (`_relay.msg_id`): its
 * `_event_id` when that has 16 to 64 characters, else the first 32 digits of the hash of what was
 * sent without the relays' members.
 */
export function relayMessageId(raw: WireObject): string {
  const event = member(raw, '_event_id');
  if (typeof event === 'string' && event.length >= 16 && event.length <= 64) {
    return event;
  }
  const content = Object.fromEntries(Object.entries(raw).filter(([key]) => !RELAYED.has(key)));
  return canonicalHash(content).slice(0, 32);
}

/**
 * The id under which originals know two messages for one event, over a restart: the first 32 digits
 * of the hash of the type and the type's identifying members. Undefined for a type without such
 * members, and where one is absent or null. It is what MSG_ACK names in `ack_msg_id`.
 */
export function eventId(name: HiveMessageName, raw: WireObject): string | undefined {
  const { identity } = messageType(name);
  if (identity === undefined) {
    return undefined;
  }
  const parts: Record<string, WireValue> = { _type: name };
  for (const key of identity) {
    const value = member(raw, key);
    if (value === undefined || value === null) {
      return undefined;
    }
    parts[key] = value;
  }
  return canonicalHash(parts).slice(0, 32);
}

/** The objects of an array; whatever else it holds is left out. */
export function objectsOf(value: WireValue | undefined): WireObject[] {
  return Array.isArray(value) ? value.filter(isWireObject) : [];
}
