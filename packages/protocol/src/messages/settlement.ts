import {
  counter,
  flag,
  freeObject,
  hash,
  hashOrEmpty,
  int,
  list,
  mustHold,
  node,
  oneOf,
  optional,
  sat,
  shape,
  struct,
  text,
  timestamp,
  zbaseSignature,
} from '../fields.ts';
import {
  BATCH_MAX,
  EVENT_ID_CHARS_MAX,
  FREE_JSON_CHARS_MAX,
  ID_CHARS_MAX,
  LONG_REASON_CHARS_MAX,
  MOVED_SAT_MAX,
  NAME_CHARS_MAX,
  OFFER_CHARS_MAX,
  PERIOD_SECONDS_MAX,
  PERIOD_START_MIN,
  SAT_MAX,
  TIMESTAMP_MAX,
  U32_MAX,
} from '../limits.ts';

const id = text(1, ID_CHARS_MAX);
const signature = zbaseSignature;
const event = { sender_id: node, event_id: text(1, EVENT_ID_CHARS_MAX), timestamp };
const somePart = int(1, SAT_MAX);
const longReason = text(1, LONG_REASON_CHARS_MAX);
const digest = text(1, NAME_CHARS_MAX);

/**
 * Offers, fee reports, settlements, bonds, netting and disputes. Decoded and kept, never by
 * themselves a reason to pay: the original's settlement can be made to pay an invented sum.
 */
export const SETTLEMENT_MESSAGES = {
  SETTLEMENT_OFFER: shape({
    peer_id: node,
    bolt12_offer: text(1, OFFER_CHARS_MAX),
    timestamp,
    signature,
  }),
  FEE_REPORT: shape(
    {
      peer_id: node,
      fees_earned_sats: sat,
      rebalance_costs_sats: optional(sat),
      period_start: int(PERIOD_START_MIN + 1, TIMESTAMP_MAX),
      period_end: timestamp,
      forward_count: counter,
      signature,
      timestamp: optional(timestamp),
    },
    ({ period_start, period_end }) => {
      mustHold(
        period_end > period_start && period_end <= period_start + PERIOD_SECONDS_MAX,
        'period_end',
        'a time after period_start, by at most a year',
        period_end,
      );
    },
  ),
  SETTLEMENT_PROPOSE: shape({
    proposal_id: id,
    period: text(1, 10),
    proposer_peer_id: node,
    data_hash: hash,
    plan_hash: hash,
    total_fees_sats: sat,
    member_count: int(1, U32_MAX),
    contributions: list(
      struct({
        peer_id: node,
        fees_earned: optional(sat),
        rebalance_costs: optional(sat),
        forward_count: optional(counter),
        uptime: optional(int(0, 100)),
        capacity: optional(sat),
      }),
      BATCH_MAX.contributions,
    ),
    timestamp,
    signature,
  }),
  SETTLEMENT_READY: shape({
    proposal_id: id,
    voter_peer_id: node,
    data_hash: hash,
    timestamp,
    signature,
  }),
  SETTLEMENT_EXECUTED: shape({
    proposal_id: id,
    executor_peer_id: node,
    timestamp,
    signature,
    plan_hash: optional(hashOrEmpty),
    total_sent_sats: optional(sat),
    payment_hash: optional(text(0, NAME_CHARS_MAX)),
    amount_paid_sats: optional(sat),
  }),
  SETTLEMENT_RECEIPT: shape({
    ...event,
    receipt_id: id,
    settlement_type: oneOf(
      'routing_revenue',
      'rebalancing_cost',
      'channel_lease',
      'cooperative_splice',
      'shared_channel',
      'pheromone_market',
      'intelligence',
      'penalty',
      'advisor_fee',
    ),
    from_peer: node,
    to_peer: node,
    amount_sats: int(1, MOVED_SAT_MAX),
    window_id: id,
    receipt_data: freeObject(FREE_JSON_CHARS_MAX.receipt),
    signature,
  }),
  BOND_POSTING: shape({
    ...event,
    bond_id: id,
    amount_sats: somePart,
    tier: oneOf('observer', 'basic', 'full', 'liquidity', 'founding'),
    timelock: int(1, TIMESTAMP_MAX),
    token_hash: digest,
    signature,
  }),
  BOND_SLASH: shape({
    ...event,
    bond_id: id,
    slash_amount: somePart,
    reason: longReason,
    dispute_id: id,
    signature,
  }),
  NETTING_PROPOSAL: shape({
    ...event,
    window_id: id,
    netting_type: oneOf('bilateral', 'multilateral'),
    obligations_hash: digest,
    net_payments: list(
      struct({ from_peer: node, to_peer: node, amount_sats: somePart }),
      BATCH_MAX.netPayments,
    ),
    signature,
  }),
  NETTING_ACK: shape({
    ...event,
    window_id: id,
    obligations_hash: digest,
    accepted: flag,
    signature,
  }),
  VIOLATION_REPORT: shape({
    ...event,
    violation_id: id,
    violator_id: node,
    violation_type: id,
    evidence: freeObject(FREE_JSON_CHARS_MAX.evidence),
    signature,
    block_hash: optional(text(0, NAME_CHARS_MAX)),
  }),
  ARBITRATION_VOTE: shape({
    ...event,
    dispute_id: id,
    vote: oneOf('upheld', 'rejected', 'partial', 'abstain'),
    reason: text(0, LONG_REASON_CHARS_MAX),
    signature,
  }),
};
