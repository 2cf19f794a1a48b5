import { gossipDataHash, objectsOf, syncMembersHash } from './hashes.ts';
import type { HiveMessageName } from './message-types.ts';
import {
  type Builder,
  batch,
  count,
  format,
  joined,
  json,
  line,
  nested,
  type Part,
  spacedHash,
  text,
  value,
} from './signing-builders.ts';
import { credentialString, mandateString } from './signing-credentials.ts';
import { JsonFloat, member, type WireObject } from './wire-value.ts';

function fullSync(raw: WireObject): string {
  const members = objectsOf(member(raw, 'members')).map((one) => ({
    peer_id: value(one, text('peer_id')) as string,
    tier: value(one, text('tier')) as string,
    joined_at: value(one, count('joined_at')) as number,
  }));
  return json([text('sender_id'), text('fleet_hash'), count('timestamp')], {
    members_hash: syncMembersHash(members),
  })(raw);
}

function taskRequest(raw: WireObject): string {
  const parameters = nested(raw, 'task_params');
  const head = line(
    'TASK_REQUEST',
    text('requester_id'),
    text('request_id'),
    count('timestamp'),
    text('task_type'),
  )(raw);
  const middle = [text('target'), count('amount_sats')].map((one) =>
    format(value(parameters, one)),
  );
  return [head, ...middle, format(value(raw, count('deadline_timestamp')))].join(':');
}

const action = (name: string, ...parts: readonly Part[]): Builder => json(parts, { action: name });

/**
 * What the original signs, by message type, from the payload as it was sent. ATTEST and PROMOTION
 * sign more than one thing and stand in `signature-claims.ts`; types without an entry are not
 * signed. Where an original cuts a long reason (ban proposals, at 500), it signs and sends it cut.
 */
const BUILDERS = {
  PEER_AVAILABLE: json([
    text('target_peer_id'),
    text('reporter_peer_id'),
    text('event_type'),
    count('timestamp'),
    count('capacity_sats'),
  ]),
  GOSSIP: (raw) =>
    json([text('sender_id'), count('timestamp'), count('version'), text('fleet_hash')], {
      data_hash: gossipDataHash(raw),
    })(raw),
  STATE_HASH: json([
    text('sender_id'),
    text('fleet_hash'),
    count('timestamp'),
    count('peer_count'),
  ]),
  FULL_SYNC: fullSync,
  INTENT_ABORT: json([
    text('intent_type'),
    text('target'),
    text('initiator'),
    count('timestamp'),
    text('reason'),
  ]),
  VOUCH: line('hive:vouch', text('target_pubkey'), text('request_id'), count('timestamp')),
  MEMBER_LEFT: line('hive:leave', text('peer_id'), count('timestamp'), text('reason')),
  BAN_PROPOSAL: line(
    'hive:ban_proposal',
    text('proposal_id'),
    text('target_peer_id'),
    count('timestamp'),
    text('reason'),
  ),
  BAN_VOTE: line('hive:ban_vote', text('proposal_id'), text('vote'), count('timestamp')),
  EXPANSION_NOMINATE: json([
    text('round_id'),
    text('target_peer_id'),
    text('nominator_id'),
    count('timestamp'),
    count('available_liquidity_sats'),
    ['quality_score', new JsonFloat(0.5)],
    ['has_existing_channel', false],
    count('channel_count'),
  ]),
  EXPANSION_ELECT: json([
    text('round_id'),
    text('target_peer_id'),
    text('elected_id'),
    text('coordinator_id'),
    count('timestamp'),
    count('channel_size_sats'),
    ['quality_score', new JsonFloat(0.5)],
    count('nomination_count'),
  ]),
  EXPANSION_DECLINE: line(
    'EXPANSION_DECLINE',
    text('round_id'),
    text('decliner_id'),
    text('reason'),
    count('timestamp'),
  ),
  FEE_INTELLIGENCE_SNAPSHOT: batch('FEE_INTELLIGENCE_SNAPSHOT', 'peers', text('peer_id')),
  PEER_REPUTATION_SNAPSHOT: batch('PEER_REPUTATION_SNAPSHOT', 'peers', text('peer_id')),
  LIQUIDITY_NEED: line(
    'LIQUIDITY_NEED',
    text('reporter_id'),
    count('timestamp'),
    text('need_type'),
    text('target_peer_id'),
    count('amount_sats'),
    text('urgency'),
    count('max_fee_ppm'),
  ),
  LIQUIDITY_SNAPSHOT: batch(
    'LIQUIDITY_SNAPSHOT',
    'needs',
    text('target_peer_id'),
    text('need_type'),
  ),
  HEALTH_REPORT: line(
    'HEALTH_REPORT',
    text('reporter_id'),
    count('timestamp'),
    count('overall_health'),
    count('capacity_score'),
    count('revenue_score'),
    count('connectivity_score'),
  ),
  ROUTE_PROBE: (raw) =>
    [
      line('ROUTE_PROBE', text('reporter_id'), text('destination'), count('timestamp'))(raw),
      joined(raw, 'path', false),
      format(value(raw, ['success', false])),
      format(value(raw, count('latency_ms'))),
      format(value(raw, count('total_fee_ppm'))),
    ].join(':'),
  ROUTE_PROBE_BATCH: batch('ROUTE_PROBE_BATCH', 'probes', text('destination'), count('timestamp')),
  SETTLEMENT_OFFER: line('settlement_offer', text('peer_id'), text('bolt12_offer')),
  FEE_REPORT: line(
    'fee_report',
    text('peer_id'),
    count('fees_earned_sats'),
    count('rebalance_costs_sats'),
    count('period_start'),
    count('period_end'),
    count('forward_count'),
  ),
  TASK_REQUEST: taskRequest,
  TASK_RESPONSE: line(
    'TASK_RESPONSE',
    text('responder_id'),
    text('request_id'),
    count('timestamp'),
    text('status'),
  ),
  SPLICE_INIT_REQUEST: json([
    text('initiator_id'),
    text('session_id'),
    text('channel_id'),
    text('splice_type'),
    count('amount_sats'),
    count('timestamp'),
  ]),
  SPLICE_INIT_RESPONSE: json([
    text('responder_id'),
    text('session_id'),
    ['accepted', false],
    count('timestamp'),
  ]),
  SPLICE_UPDATE: json([
    text('sender_id'),
    text('session_id'),
    ['commitments_secured', false],
    count('timestamp'),
  ]),
  SPLICE_SIGNED: (raw) =>
    json([text('sender_id'), text('session_id'), count('timestamp')], {
      has_txid: (member(raw, 'txid') ?? null) !== null,
    })(raw),
  SPLICE_ABORT: json([text('sender_id'), text('session_id'), text('reason'), count('timestamp')]),
  SETTLEMENT_PROPOSE: json([
    text('proposal_id'),
    text('period'),
    text('proposer_peer_id'),
    text('data_hash'),
    text('plan_hash'),
    count('total_fees_sats'),
    count('member_count'),
    count('timestamp'),
  ]),
  SETTLEMENT_READY: json([
    text('proposal_id'),
    text('voter_peer_id'),
    text('data_hash'),
    count('timestamp'),
  ]),
  SETTLEMENT_EXECUTED: json([
    text('proposal_id'),
    text('executor_peer_id'),
    text('plan_hash'),
    count('total_sent_sats'),
    text('payment_hash'),
    count('amount_paid_sats'),
    count('timestamp'),
  ]),
  STIGMERGIC_MARKER_BATCH: batch(
    'STIGMERGIC_MARKER_BATCH',
    'markers',
    text('source_peer_id'),
    text('destination_peer_id'),
    count('timestamp'),
  ),
  PHEROMONE_BATCH: batch('PHEROMONE_BATCH', 'pheromones', text('peer_id')),
  YIELD_METRICS_BATCH: batch('YIELD_METRICS_BATCH', 'metrics', text('peer_id')),
  CIRCULAR_FLOW_ALERT: (raw) =>
    `${line(
      'CIRCULAR_FLOW_ALERT',
      text('reporter_id'),
      count('timestamp'),
      count('total_amount_sats'),
      count('total_cost_sats'),
    )(raw)}:${joined(raw, 'members_involved', true)}`,
  TEMPORAL_PATTERN_BATCH: batch(
    'TEMPORAL_PATTERN_BATCH',
    'patterns',
    text('peer_id'),
    count('hour_of_day'),
  ),
  CORRIDOR_VALUE_BATCH: batch(
    'CORRIDOR_VALUE_BATCH',
    'corridors',
    text('source_peer_id'),
    text('destination_peer_id'),
  ),
  POSITIONING_PROPOSAL: line(
    'POSITIONING_PROPOSAL',
    text('reporter_id'),
    count('timestamp'),
    text('target_peer_id'),
    text('recommended_member'),
    count('target_capacity_sats'),
  ),
  PHYSARUM_RECOMMENDATION: line(
    'PHYSARUM_RECOMMENDATION',
    text('reporter_id'),
    count('timestamp'),
    text('channel_id'),
    text('action'),
    count('flow_intensity'),
  ),
  COVERAGE_ANALYSIS_BATCH: batch('COVERAGE_ANALYSIS_BATCH', 'coverage_entries', text('peer_id')),
  CLOSE_PROPOSAL: line(
    'CLOSE_PROPOSAL',
    text('reporter_id'),
    count('timestamp'),
    text('member_id'),
    text('peer_id'),
    text('channel_id'),
  ),
  MCF_NEEDS_BATCH: (raw) =>
    `${line('mcf_needs_batch', text('reporter_id'), count('timestamp'))(raw)}:${spacedHash(raw, 'needs')}`,
  MCF_SOLUTION_BROADCAST: (raw) =>
    `${line(
      'mcf_solution',
      text('coordinator_id'),
      count('timestamp'),
      count('total_flow_sats'),
      count('total_cost_sats'),
    )(raw)}:${spacedHash(raw, 'assignments')}`,
  MCF_ASSIGNMENT_ACK: line(
    'mcf_ack',
    text('member_id'),
    count('timestamp'),
    count('solution_timestamp'),
    count('assignment_count'),
  ),
  MCF_COMPLETION_REPORT: (raw) =>
    [
      line('mcf_complete', text('member_id'), count('timestamp'), text('assignment_id'))(raw),
      member(raw, 'success') === true ? '1' : '0',
      format(value(raw, count('actual_amount_sats'))),
    ].join(':'),
  MSG_ACK: line(
    'MSG_ACK',
    text('sender_id'),
    text('ack_msg_id'),
    ['status', 'ok'],
    count('timestamp'),
  ),
  DID_CREDENTIAL_PRESENT: credentialString,
  DID_CREDENTIAL_REVOKE: action('revoke', text('credential_id'), text('reason')),
  MGMT_CREDENTIAL_PRESENT: mandateString,
  MGMT_CREDENTIAL_REVOKE: action('mgmt_revoke', text('credential_id'), text('reason')),
  SETTLEMENT_RECEIPT: action(
    'settlement_receipt',
    count('amount_sats'),
    text('from_peer'),
    text('receipt_id'),
    ['receipt_data', {}],
    text('settlement_type'),
    text('to_peer'),
    text('window_id'),
  ),
  BOND_POSTING: action(
    'bond_posting',
    count('amount_sats'),
    text('bond_id'),
    text('tier'),
    count('timelock'),
    text('token_hash'),
  ),
  BOND_SLASH: action(
    'bond_slash',
    text('bond_id'),
    text('dispute_id'),
    text('reason'),
    count('slash_amount'),
  ),
  NETTING_PROPOSAL: action(
    'netting_proposal',
    text('netting_type'),
    ['net_payments', []],
    text('obligations_hash'),
    text('window_id'),
  ),
  NETTING_ACK: action(
    'netting_ack',
    ['accepted', null],
    text('obligations_hash'),
    text('window_id'),
  ),
  VIOLATION_REPORT: action(
    'violation_report',
    ['evidence', {}],
    text('violation_id'),
    text('violation_type'),
    text('violator_id'),
  ),
  ARBITRATION_VOTE: action('arbitration_vote', text('dispute_id'), text('reason'), text('vote')),
} as const satisfies Partial<Record<HiveMessageName, Builder>>;

/** A message type whose payload is signed as one text. */
export type SignedMessageName = keyof typeof BUILDERS;

/** Whether messages of this type sign one text of their payload. */
export function isSignedMessageName(name: HiveMessageName): name is SignedMessageName {
  return Object.hasOwn(BUILDERS, name);
}

/**
 * The text that the original signs for a message of type `name`; `raw` is the payload as it was
 * sent, or as `encodePayload` gives it, so that floats are floats. Absent members take Python's
 * defaults. Throws CodedError `not_signable` where an array or object stands for a scalar, which
 * decoding refuses.
 */
export function signingString(name: SignedMessageName, raw: WireObject): string {
  return BUILDERS[name](raw);
}

/** What older originals sign for FEE_REPORT, without the costs of rebalancing. */
export const legacyFeeReportString: (raw: WireObject) => string = line(
  'fee_report',
  text('peer_id'),
  count('fees_earned_sats'),
  count('period_start'),
  count('period_end'),
  count('forward_count'),
);
