import type { Logger } from '@cl-hive/cln-plugin';
import { type JsonObject, stringifyJson } from '@cl-hive/core';
import type { PlannerLogLine } from '@cl-hive/hive';
import { executableOrders } from '@cl-hive/planning-kernel';
import type { CycleReport } from './cycle-report.ts';

/** A line about a cycle. */
export function cycleLine(result: PlannerLogLine['result'], details: JsonObject): PlannerLogLine {
  return { actionType: 'cycle', target: null, result, details };
}

/** What a cycle took and found. */
export function completedLine({ plan, figures, trigger, durationMs }: CycleReport): PlannerLogLine {
  return cycleLine('completed', {
    trigger,
    digest: plan.digest,
    height: plan.blockHeight,
    duration_ms: durationMs,
    read_ms: figures.readMs,
    plan_ms: figures.planMs,
    nodes: figures.nodes,
    channels: figures.channels,
    channels_recomputed: figures.changes.recomputedChannels,
    universe: plan.universe.length,
    ranked: plan.ranking.length,
    orders: executableOrders(plan).length,
    input_defects: plan.input.map(({ list, code, count }) => ({ list, code, count })),
  });
}

/** What an operator wants to find in lightningd's log. */
export function tellOperator(
  log: Logger,
  { actionType, result, target, details }: PlannerLogLine,
): void {
  if (result === 'aborted') {
    log.warn(
      'planner: more targets became saturated at once than can be right; nothing was ignored and nothing proposed',
    );
  } else if (actionType === 'expansion' && target !== null) {
    log.info(
      result === 'proposed'
        ? `planner: this node is to open a channel: ${stringifyJson({ target, ...details })}`
        : `planner: another member is to open a channel: ${stringifyJson({ target, ...details })}`,
    );
  }
}
