import {
  anySignature,
  counter,
  flag,
  freeObject,
  int,
  lineId,
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
  within,
  zbaseSignature,
} from '../fields.ts';
import {
  BATCH_MAX,
  CHANNEL_ID_CHARS_MAX,
  FREE_JSON_CHARS_MAX,
  ID_CHARS_MAX,
  MCF_SAT_MIN,
  MOVED_SAT_MAX,
  NAME_CHARS_MAX,
  REASON_CHARS_MAX,
  ROUTE_HOPS_MAX,
  TASK_SAT_MAX,
  TASK_SAT_MIN,
  U32_MAX,
} from '../limits.ts';

const free = freeObject(FREE_JSON_CHARS_MAX.task);
const requestId = lineId(NAME_CHARS_MAX);
const reason = text(0, REASON_CHARS_MAX);
const channelId = text(0, CHANNEL_ID_CHARS_MAX);
/** What the signed line of a task takes from its parameters, by type of task. */
const TASK_PARAMETERS = {
  expand_to: struct({ target: node, amount_sats: int(TASK_SAT_MIN, TASK_SAT_MAX) }),
  rebalance: struct({ target: optional(lineId(NAME_CHARS_MAX)), amount_sats: optional(sat) }),
};

/** Tasks that members ask of each other, and the flow solver's needs, solutions and results. */
export const WORK_MESSAGES = {
  TASK_REQUEST: shape(
    {
      requester_id: node,
      request_id: requestId,
      timestamp,
      task_type: oneOf('expand_to', 'rebalance'),
      task_params: free,
      priority: oneOf('low', 'normal', 'high', 'urgent'),
      deadline_timestamp: timestamp,
      compensation: optional(
        struct({ type: optional(oneOf('none', 'reciprocal', 'fee')), amount_sats: optional(sat) }),
      ),
      signature: zbaseSignature,
      failure_context: optional(free),
    },
    ({ task_type, task_params }) => {
      within('task_params', () => TASK_PARAMETERS[task_type].decode(task_params));
    },
  ),
  TASK_RESPONSE: shape(
    {
      responder_id: node,
      request_id: requestId,
      timestamp,
      status: oneOf('accepted', 'rejected', 'completed', 'failed'),
      signature: zbaseSignature,
      reason: optional(reason),
      result: optional(free),
    },
    ({ status, reason: why }) => {
      mustHold(
        status !== 'rejected' || (why ?? '') !== '',
        'reason',
        'the reason of a rejection',
        why,
      );
    },
  ),
  MCF_NEEDS_BATCH: shape({
    reporter_id: node,
    timestamp,
    signature: anySignature,
    needs: list(
      struct({
        member_id: optional(node),
        need_type: oneOf('inbound', 'outbound'),
        target_peer: optional(text(0, NAME_CHARS_MAX)),
        amount_sats: int(MCF_SAT_MIN, MOVED_SAT_MAX),
        urgency: optional(oneOf('critical', 'high', 'medium', 'low')),
        max_fee_ppm: optional(int(0, U32_MAX)),
        channel_id: optional(channelId),
      }),
      BATCH_MAX.mcfNeeds,
    ),
  }),
  MCF_SOLUTION_BROADCAST: shape({
    coordinator_id: node,
    timestamp,
    signature: anySignature,
    assignments: list(
      struct({
        member_id: node,
        from_channel: channelId,
        to_channel: channelId,
        amount_sats: sat,
        expected_cost_sats: optional(sat),
        path: optional(list(text(0, NAME_CHARS_MAX), ROUTE_HOPS_MAX)),
        priority: optional(counter),
        via_fleet: optional(flag),
        need_id: optional(text(0, NAME_CHARS_MAX)),
      }),
      BATCH_MAX.mcfAssignments,
    ),
    total_flow_sats: optional(sat),
    total_cost_sats: optional(sat),
    unmet_demand_sats: optional(sat),
    iterations: optional(counter),
  }),
  MCF_ASSIGNMENT_ACK: shape({
    member_id: node,
    timestamp,
    signature: anySignature,
    solution_timestamp: timestamp,
    assignment_count: int(0, U32_MAX),
  }),
  MCF_COMPLETION_REPORT: shape({
    member_id: node,
    timestamp,
    signature: anySignature,
    assignment_id: lineId(ID_CHARS_MAX * 4),
    success: flag,
    actual_amount_sats: optional(sat),
    actual_cost_sats: optional(sat),
    error_message: optional(reason),
  }),
};
