import {
  anySignature,
  counter,
  flag,
  float,
  int,
  list,
  mustHold,
  node,
  oneOf,
  optional,
  ratio,
  sat,
  shape,
  signedSat,
  struct,
  text,
  timestamp,
  zbaseSignature,
} from '../fields.ts';
import {
  BATCH_MAX,
  CHANNEL_ID_CHARS_MAX,
  COUNTER_MAX,
  LATENCY_MS_MAX,
  MARKER_FEE_PPM_MAX,
  MOVED_SAT_MAX,
  REASON_CHARS_MAX,
  REPORTED_FEE_PPM_MAX,
  REPORTED_VOLUME_SAT_MAX,
  ROUTE_HOPS_MAX,
  ROUTE_SAT_MAX,
  TIMESTAMP_MAX,
  U32_MAX,
} from '../limits.ts';

const report = { reporter_id: node, timestamp, signature: zbaseSignature };
/** Reports for which the original sends r and s in hexadecimal in place of `zbase`. */
const oddReport = { reporter_id: node, timestamp, signature: anySignature };
const feePpm = int(0, REPORTED_FEE_PPM_MAX);
const volume = int(0, REPORTED_VOLUME_SAT_MAX);
const score = int(0, 100);
const channelId = text(0, CHANNEL_ID_CHARS_MAX);
const reason = text(0, REASON_CHARS_MAX);

const need = {
  need_type: oneOf('inbound', 'outbound', 'rebalance'),
  target_peer_id: node,
  amount_sats: int(1, MOVED_SAT_MAX),
  urgency: oneOf('critical', 'high', 'medium', 'low'),
  max_fee_ppm: optional(feePpm),
  reason: optional(reason),
  current_balance_pct: optional(ratio),
  can_provide_inbound: optional(sat),
  can_provide_outbound: optional(sat),
};

const probe = {
  destination: node,
  timestamp: optional(timestamp),
  path: optional(list(node, ROUTE_HOPS_MAX)),
  success: flag,
  latency_ms: optional(int(0, LATENCY_MS_MAX)),
  failure_reason: optional(oneOf('', 'temporary', 'permanent', 'capacity', 'unknown')),
  failure_hop: optional(int(-1, ROUTE_HOPS_MAX - 1)),
  estimated_capacity_sats: optional(int(0, ROUTE_SAT_MAX)),
  total_fee_ppm: optional(int(0, REPORTED_FEE_PPM_MAX * ROUTE_HOPS_MAX)),
  per_hop_fees: optional(list(counter, ROUTE_HOPS_MAX + 1)),
  amount_probed_sats: optional(sat),
};

interface ProbedPath {
  readonly path?: readonly unknown[];
  readonly failure_hop?: number;
}

function checkHop({ path = [], failure_hop = -1 }: ProbedPath, under = ''): void {
  mustHold(
    failure_hop < path.length,
    `${under}failure_hop`,
    'a hop of the path, or -1',
    failure_hop,
  );
}

const warning = oneOf(
  '',
  'fee_spike',
  'force_close',
  'htlc_timeout',
  'offline_frequent',
  'channel_reject',
  'routing_failure',
  'slow_response',
  'fee_manipulation',
  'capacity_drain',
  'other',
);

/** What members report of themselves and of peers: fees, liquidity, health, routes, flows. */
export const REPORT_MESSAGES = {
  FEE_INTELLIGENCE_SNAPSHOT: shape({
    ...report,
    peers: list(
      struct({
        peer_id: node,
        our_fee_ppm: optional(feePpm),
        their_fee_ppm: optional(feePpm),
        forward_count: optional(counter),
        forward_volume_sats: optional(volume),
        revenue_sats: optional(volume),
        flow_direction: optional(oneOf('', 'source', 'sink', 'balanced')),
        utilization_pct: optional(ratio),
        days_observed: optional(int(0, U32_MAX)),
      }),
      BATCH_MAX.feePeers,
    ),
  }),
  PEER_REPUTATION_SNAPSHOT: shape({
    ...report,
    peers: list(
      struct({
        peer_id: node,
        uptime_pct: optional(ratio),
        response_time_ms: optional(int(0, LATENCY_MS_MAX)),
        force_close_count: optional(int(0, 100)),
        fee_stability: optional(ratio),
        htlc_success_rate: optional(ratio),
        channel_age_days: optional(int(0, 3650)),
        total_routed_sats: optional(counter),
        warnings: optional(list(warning, BATCH_MAX.warnings)),
        observation_days: optional(int(0, U32_MAX)),
      }),
      BATCH_MAX.reputationPeers,
    ),
  }),
  LIQUIDITY_NEED: shape({ ...report, ...need }),
  LIQUIDITY_SNAPSHOT: shape({ ...report, needs: list(struct(need), BATCH_MAX.needs) }),
  HEALTH_REPORT: shape({
    ...report,
    overall_health: score,
    capacity_score: score,
    revenue_score: score,
    connectivity_score: score,
    needs_inbound: optional(flag),
    needs_outbound: optional(flag),
    needs_channels: optional(flag),
    can_provide_assistance: optional(flag),
    assistance_budget_sats: optional(sat),
  }),
  ROUTE_PROBE: shape(
    { reporter_id: node, ...probe, timestamp, signature: zbaseSignature },
    (one) => {
      checkHop(one);
    },
  ),
  ROUTE_PROBE_BATCH: shape(
    { ...report, probes: list(struct(probe), BATCH_MAX.probes) },
    ({ probes }) => {
      for (const [index, one] of probes.entries()) {
        checkHop(one, `probes.${index}.`);
      }
    },
  ),
  STIGMERGIC_MARKER_BATCH: shape({
    ...report,
    markers: list(
      struct({
        source_peer_id: node,
        destination_peer_id: node,
        fee_ppm: optional(int(0, MARKER_FEE_PPM_MAX)),
        success: optional(flag),
        volume_sats: optional(int(0, ROUTE_SAT_MAX)),
        timestamp: optional(float(0, TIMESTAMP_MAX)),
        strength: optional(float(0, 10)),
      }),
      BATCH_MAX.markers,
    ),
  }),
  PHEROMONE_BATCH: shape({
    ...oddReport,
    pheromones: list(
      struct({
        peer_id: node,
        level: float(0, 10_000),
        fee_ppm: int(0, MARKER_FEE_PPM_MAX),
        channel_id: optional(channelId),
      }),
      BATCH_MAX.pheromones,
    ),
  }),
  YIELD_METRICS_BATCH: shape({
    ...oddReport,
    metrics: list(
      struct({
        peer_id: node,
        channel_id: optional(channelId),
        roi_pct: float(-1000, 10_000),
        capital_efficiency: float(-1, 1),
        flow_intensity: ratio,
        profitability_tier: oneOf('profitable', 'underwater', 'zombie', 'stagnant', 'unknown'),
        period_days: optional(int(0, U32_MAX)),
        capacity_sats: optional(sat),
        net_revenue_sats: optional(signedSat),
      }),
      BATCH_MAX.yields,
    ),
  }),
  CIRCULAR_FLOW_ALERT: shape({
    ...oddReport,
    members_involved: list(node, BATCH_MAX.flowMembers, 2),
    total_amount_sats: int(0, MOVED_SAT_MAX),
    total_cost_sats: sat,
    cycle_count: int(1, U32_MAX),
    detection_window_hours: optional(float(0, COUNTER_MAX)),
    recommendation: optional(reason),
  }),
  TEMPORAL_PATTERN_BATCH: shape({
    ...oddReport,
    patterns: list(
      struct({
        peer_id: node,
        channel_id: optional(channelId),
        hour_of_day: int(0, 23),
        day_of_week: int(-1, 6),
        direction: oneOf('inbound', 'outbound', 'bidirectional'),
        intensity: ratio,
        confidence: ratio,
        samples: optional(int(0, U32_MAX)),
      }),
      BATCH_MAX.patterns,
    ),
  }),
};
