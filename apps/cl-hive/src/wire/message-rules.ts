import type { HiveMessageName } from '@cl-hive/protocol';

/** What nodes outside the hive may say: the words of joining. */
export const JOINING: ReadonlySet<HiveMessageName> = new Set([
  'HELLO',
  'CHALLENGE',
  'ATTEST',
  'WELCOME',
]);

/** Types that carry what others signed: their own word is that of whoever delivers them. */
export const CARRIERS: ReadonlySet<HiveMessageName> = new Set([
  'PROMOTION',
  'DID_CREDENTIAL_PRESENT',
  'MGMT_CREDENTIAL_PRESENT',
]);

/** Signed words that are shown to members that were away; their authors may have left since. */
export const WORDS: ReadonlySet<HiveMessageName> = new Set([
  'BAN_PROPOSAL',
  'BAN_VOTE',
  'VOUCH',
  'MEMBER_LEFT',
]);

/** What originals pass on to other members; everything else goes one hop. */
export const RELAYED: ReadonlySet<HiveMessageName> = new Set([
  'GOSSIP',
  'PROMOTION_REQUEST',
  'VOUCH',
  'PROMOTION',
  'MEMBER_LEFT',
  'BAN_PROPOSAL',
  'BAN_VOTE',
  'FEE_INTELLIGENCE_SNAPSHOT',
  'HEALTH_REPORT',
  'LIQUIDITY_NEED',
  'LIQUIDITY_SNAPSHOT',
  'ROUTE_PROBE',
  'ROUTE_PROBE_BATCH',
  'PEER_REPUTATION_SNAPSHOT',
  'STIGMERGIC_MARKER_BATCH',
  'PHEROMONE_BATCH',
  'YIELD_METRICS_BATCH',
  'CIRCULAR_FLOW_ALERT',
  'TEMPORAL_PATTERN_BATCH',
  'CORRIDOR_VALUE_BATCH',
  'POSITIONING_PROPOSAL',
  'PHYSARUM_RECOMMENDATION',
  'COVERAGE_ANALYSIS_BATCH',
  'SETTLEMENT_OFFER',
  'FEE_REPORT',
  'SETTLEMENT_PROPOSE',
  'SETTLEMENT_READY',
  'SETTLEMENT_EXECUTED',
]);
