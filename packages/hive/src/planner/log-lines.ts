import type { JsonObject, NodeId } from '@cl-hive/core';
import { executableOrders, type Plan } from '@cl-hive/planning-kernel';

/** One line of `hive_planner_log`; action types and results are the original's where it has them. */
export interface PlannerLogLine {
  readonly actionType: PlannerAction;
  readonly target: NodeId | null;
  readonly result: PlannerResult;
  readonly details: JsonObject;
}

/** What the planner did or looked at. */
export const PLANNER_ACTIONS = [
  'cycle',
  'saturation_check',
  'saturation_detected',
  'ignore',
  'unignore',
  'expansion',
  'opening',
  'shadow',
  'setting',
] as const;
export type PlannerAction = (typeof PLANNER_ACTIONS)[number];

/** What came of it. */
export const PLANNER_RESULTS = [
  'completed',
  'failed',
  'aborted',
  'info',
  'success',
  'not_found',
  'proposed',
  'submitted',
  'stood_back',
  'skipped',
  'changed',
] as const;
export type PlannerResult = (typeof PLANNER_RESULTS)[number];

/** What a plan says, for the log: what is saturated, who opens, who stands back, and why nothing happens. */
export function planLogLines(
  plan: Plan,
  self: NodeId,
  saturatedBefore: readonly NodeId[],
): readonly PlannerLogLine[] {
  return [...saturationLines(plan, new Set(saturatedBefore)), ...expansionLines(plan, self)];
}

function saturationLines(plan: Plan, before: ReadonlySet<NodeId>): PlannerLogLine[] {
  const { aborted, saturated } = plan.guard;
  if (aborted) {
    const found = plan.diagnostics.find(({ reason }) => reason === 'mass_saturation');
    return [
      {
        actionType: 'saturation_check',
        target: null,
        result: 'aborted',
        details: { reason: 'mass_saturation', changed_by: found?.changedBy ?? '' },
      },
    ];
  }
  const fresh = saturated.filter(({ target }) => !before.has(target));
  return [
    ...fresh.map(
      ({ target, sharePpm }): PlannerLogLine => ({
        actionType: 'saturation_detected',
        target,
        result: 'info',
        details: { share_ppm: sharePpm },
      }),
    ),
    {
      actionType: 'saturation_check',
      target: null,
      result: 'completed',
      details: { saturated: saturated.length, newly_saturated: fresh.length },
    },
  ];
}

function expansionLines(plan: Plan, self: NodeId): PlannerLogLine[] {
  const orders = executableOrders(plan);
  if (orders.length === 0) {
    return [{ actionType: 'expansion', target: null, result: 'skipped', details: reasonsOf(plan) }];
  }
  return orders.map((order): PlannerLogLine => {
    const ranked = plan.ranking.find(({ target }) => target === order.target);
    return {
      actionType: 'expansion',
      target: order.target,
      result: order.member === self ? 'proposed' : 'stood_back',
      details: {
        member: order.member,
        side: order.side,
        amount_sats: order.quantitySat,
        order_id: order.clientOrderId,
        rationale: order.rationale,
        ...(ranked === undefined ? {} : { score_ppm: ranked.scorePpm }),
      },
    };
  });
}

/** Why a plan has nothing to carry out: every reason with how often, and what would change it. */
function reasonsOf(plan: Plan): JsonObject {
  return {
    reasons: plan.diagnostics
      .filter(({ stage }) => stage !== 'universe')
      .map(({ stage, reason, count, changedBy }) => ({
        stage,
        reason,
        count,
        changed_by: changedBy,
      })),
    ranked: plan.ranking.length,
    members: plan.members.map(({ member, idleSat, ineligible }) => ({
      member,
      idle_sats: idleSat,
      ineligible,
    })),
  };
}
