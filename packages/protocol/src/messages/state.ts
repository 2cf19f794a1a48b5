import {
  counter,
  hash,
  hashOrEmpty,
  int,
  list,
  node,
  oneOf,
  optional,
  sat,
  shape,
  struct,
  text,
  timestamp,
  u64,
  zbaseSignature,
} from '../fields.ts';
import {
  ADDRESS_CHARS_MAX,
  ADDRESSES_MAX,
  CAPABILITIES_MAX,
  CAPABILITY_CHARS_MAX,
  ID_CHARS_MAX,
  NAME_CHARS_MAX,
  REASON_CHARS_MAX,
  SYNC_ENTRIES_MAX,
  TOPOLOGY_MAX,
  U32_MAX,
} from '../limits.ts';
import { tier } from './membership.ts';

const fee = int(0, U32_MAX);

const feePolicy = struct({
  base_fee: optional(fee),
  fee_rate: optional(fee),
  min_htlc: optional(u64),
  max_htlc: optional(u64),
  cltv_delta: optional(int(0, 0xffff)),
});
const addresses = list(text(1, ADDRESS_CHARS_MAX), ADDRESSES_MAX);
const capabilities = list(text(1, CAPABILITY_CHARS_MAX), CAPABILITIES_MAX);

const holdings = {
  peer_id: node,
  capacity_sats: sat,
  available_sats: sat,
  fee_policy: feePolicy,
  topology: list(node, TOPOLOGY_MAX),
  version: counter,
};

const budget = {
  budget_available_sats: optional(sat),
  budget_reserved_until: optional(timestamp),
  budget_last_update: optional(timestamp),
};

const state = struct({
  ...holdings,
  last_update: timestamp,
  state_hash: optional(hashOrEmpty),
  ...budget,
  fees_earned_sats: optional(sat),
  fees_forward_count: optional(counter),
  fees_period_start: optional(timestamp),
  fees_last_report: optional(timestamp),
  fees_costs_sats: optional(sat),
  capabilities: optional(capabilities),
});

const syncMember = struct({
  peer_id: node,
  tier,
  joined_at: timestamp,
  addresses: optional(addresses),
});

const intentType = oneOf('channel_open', 'channel_close', 'rebalance', 'ban_peer');

const intent = {
  intent_type: intentType,
  target: text(1, NAME_CHARS_MAX),
  initiator: node,
  timestamp,
};

/** Shared state, and the announcements that keep two members from one deed. */
export const STATE_MESSAGES = {
  GOSSIP: shape({
    ...holdings,
    timestamp,
    state_hash: hashOrEmpty,
    ...budget,
    addresses: optional(addresses),
    capabilities: optional(capabilities),
    fleet_hash: optional(hashOrEmpty),
    sender_id: node,
    signature: zbaseSignature,
  }),
  STATE_HASH: shape({
    fleet_hash: hash,
    peer_count: int(0, U32_MAX),
    timestamp,
    membership_hash: optional(hashOrEmpty),
    sender_id: node,
    signature: zbaseSignature,
  }),
  FULL_SYNC: shape({
    states: list(state, SYNC_ENTRIES_MAX),
    fleet_hash: hashOrEmpty,
    timestamp,
    members: optional(list(syncMember, SYNC_ENTRIES_MAX)),
    sender_id: node,
    signature: zbaseSignature,
  }),
  INTENT: shape({
    ...intent,
    expires_at: optional(timestamp),
    amount_sats: optional(sat),
    budget_proof_timestamp: optional(timestamp),
  }),
  /** In the original's list of types, never sent and never read by it. */
  INTENT_ACK: shape({
    intent_type: optional(intentType),
    target: optional(text(1, NAME_CHARS_MAX)),
    initiator: optional(node),
    timestamp: optional(timestamp),
    intent_id: optional(text(1, ID_CHARS_MAX)),
  }),
  INTENT_ABORT: shape({
    ...intent,
    target: node,
    reason: optional(text(0, REASON_CHARS_MAX)),
    signature: zbaseSignature,
  }),
};
