/** What is known of a message type besides its fields. */
export interface MessageType {
  /** The number in the message's JSON; on the wire the BOLT type is always 0x4849. */
  readonly type: number;
  /** Whether the sender repeats it until it is acknowledged. */
  readonly reliable: boolean;
  /** The request that this message answers, and so acknowledges, where `by` has the same value in both. */
  readonly acknowledges?: { readonly request: string; readonly by: string };
  /** Members that make two messages the same event, in the original's event id. */
  readonly identity?: readonly string[];
}

const once = (type: number, identity?: readonly string[]): MessageType =>
  identity === undefined ? { type, reliable: false } : { type, reliable: false, identity };
const reliable = (type: number, ...identity: readonly string[]): MessageType => ({
  type,
  reliable: true,
  identity,
});
const answer = (
  type: number,
  request: string,
  by: string,
  ...identity: readonly string[]
): MessageType => ({ type, reliable: true, acknowledges: { request, by }, identity });

/** The 66 types of the original's protocol, by name. */
export const MESSAGE_TYPES = {
  HELLO: once(32769),
  CHALLENGE: once(32771),
  ATTEST: once(32773),
  WELCOME: once(32775),
  GOSSIP: once(32777),
  STATE_HASH: once(32779),
  FULL_SYNC: once(32781),
  INTENT: once(32783),
  INTENT_ACK: once(32785),
  INTENT_ABORT: once(32787),
  VOUCH: answer(
    32789,
    'PROMOTION_REQUEST',
    'request_id',
    'target_pubkey',
    'request_id',
    'voucher_pubkey',
  ),
  BAN: once(32791),
  PROMOTION: reliable(32793, 'target_pubkey', 'request_id'),
  PROMOTION_REQUEST: reliable(32795, 'target_pubkey', 'request_id'),
  MEMBER_LEFT: reliable(32797, 'peer_id', 'timestamp'),
  BAN_PROPOSAL: reliable(32799, 'proposal_id'),
  BAN_VOTE: answer(32801, 'BAN_PROPOSAL', 'proposal_id', 'proposal_id', 'voter_peer_id'),
  PEER_AVAILABLE: once(32803),
  EXPANSION_NOMINATE: once(32805),
  EXPANSION_ELECT: once(32807),
  EXPANSION_DECLINE: once(32819),
  SETTLEMENT_OFFER: once(32821),
  FEE_REPORT: once(32823, ['peer_id', 'period_start']),
  FEE_INTELLIGENCE_SNAPSHOT: once(32825),
  PEER_REPUTATION_SNAPSHOT: once(32827),
  ROUTE_PROBE_BATCH: once(32829),
  LIQUIDITY_SNAPSHOT: once(32831),
  LIQUIDITY_NEED: once(32811),
  HEALTH_REPORT: once(32813),
  ROUTE_PROBE: once(32815),
  TASK_REQUEST: reliable(32833, 'request_id'),
  TASK_RESPONSE: answer(32835, 'TASK_REQUEST', 'request_id', 'request_id', 'responder_id'),
  SPLICE_INIT_REQUEST: reliable(32837, 'session_id'),
  SPLICE_INIT_RESPONSE: answer(
    32839,
    'SPLICE_INIT_REQUEST',
    'session_id',
    'session_id',
    'responder_id',
  ),
  SPLICE_UPDATE: reliable(32841, 'session_id', 'update_seq'),
  SPLICE_SIGNED: reliable(32843, 'session_id'),
  SPLICE_ABORT: reliable(32845, 'session_id'),
  SETTLEMENT_PROPOSE: reliable(32847, 'proposal_id'),
  SETTLEMENT_READY: answer(
    32849,
    'SETTLEMENT_PROPOSE',
    'proposal_id',
    'proposal_id',
    'voter_peer_id',
  ),
  SETTLEMENT_EXECUTED: reliable(32851, 'proposal_id', 'executor_peer_id'),
  STIGMERGIC_MARKER_BATCH: once(32853),
  PHEROMONE_BATCH: once(32855),
  YIELD_METRICS_BATCH: once(32857),
  CIRCULAR_FLOW_ALERT: once(32859),
  TEMPORAL_PATTERN_BATCH: once(32861),
  CORRIDOR_VALUE_BATCH: once(32863),
  POSITIONING_PROPOSAL: once(32865),
  PHYSARUM_RECOMMENDATION: once(32867),
  COVERAGE_ANALYSIS_BATCH: once(32869),
  CLOSE_PROPOSAL: once(32871),
  MCF_NEEDS_BATCH: once(32873),
  MCF_SOLUTION_BROADCAST: once(32875),
  MCF_ASSIGNMENT_ACK: once(32877),
  MCF_COMPLETION_REPORT: once(32879),
  MSG_ACK: once(32881),
  DID_CREDENTIAL_PRESENT: reliable(32883, 'event_id'),
  DID_CREDENTIAL_REVOKE: reliable(32885, 'credential_id', 'issuer_id'),
  MGMT_CREDENTIAL_PRESENT: reliable(32887, 'event_id'),
  MGMT_CREDENTIAL_REVOKE: reliable(32889, 'credential_id', 'issuer_id'),
  SETTLEMENT_RECEIPT: reliable(32891, 'receipt_id'),
  BOND_POSTING: reliable(32893, 'bond_id'),
  BOND_SLASH: reliable(32895, 'bond_id', 'dispute_id'),
  NETTING_PROPOSAL: reliable(32897, 'window_id', 'sender_id'),
  NETTING_ACK: answer(32899, 'NETTING_PROPOSAL', 'window_id', 'window_id', 'sender_id'),
  VIOLATION_REPORT: reliable(32901, 'violation_id'),
  ARBITRATION_VOTE: reliable(32903, 'dispute_id', 'sender_id'),
} as const satisfies Readonly<Record<string, MessageType>>;

/** The name of one of the 66 message types. */
export type HiveMessageName = keyof typeof MESSAGE_TYPES;

/** All names, in the order of the original's list. */
export const MESSAGE_NAMES = Object.keys(MESSAGE_TYPES) as readonly HiveMessageName[];

const NAMES: ReadonlyMap<number, HiveMessageName> = new Map(
  MESSAGE_NAMES.map((name) => [MESSAGE_TYPES[name].type, name]),
);

/** The name of the type numbered `type`; undefined for a type that this protocol does not know. */
export function messageName(type: number): HiveMessageName | undefined {
  return NAMES.get(type);
}

/** What is known of the type `name`. */
export function messageType(name: HiveMessageName): MessageType {
  return MESSAGE_TYPES[name];
}
