import { compareCodeUnits } from '@cl-hive/core';
import type { PlanningContext } from '../context.ts';
import { nodeIdAt } from '../graph/graph-index.ts';
import type { ReasonCode } from '../reasons.ts';
import type { Stage, Universe } from './stage.ts';

/** Selects the targets worth considering from all nodes of the public graph. */
export const universeStage: Stage<undefined, Universe> = {
  name: 'universe',
  run(context) {
    const { graph, diagnostics } = context;
    const ignored = new Set<string>(context.snapshot.ignored);
    const below = { capacity_below_minimum: 0, channels_below_minimum: 0 };
    const kept: { readonly row: number; readonly id: string }[] = [];
    for (let row = 0; row < graph.nodeIds.length; row += 1) {
      if (graph.degree[row] === 0) {
        continue;
      }
      const id = nodeIdAt(graph, row);
      const reason = exclusion(context, row, id, ignored);
      if (reason === undefined) {
        kept.push({ row, id });
      } else if (reason === 'capacity_below_minimum' || reason === 'channels_below_minimum') {
        below[reason] += 1;
      } else {
        diagnostics.drop('universe', reason, id);
      }
    }
    diagnostics.count('universe', 'capacity_below_minimum', below.capacity_below_minimum);
    diagnostics.count('universe', 'channels_below_minimum', below.channels_below_minimum);
    kept.sort((a, b) => compareCodeUnits(a.id, b.id));
    return { rows: kept.map(({ row }) => row) };
  },
};

/** Why a node is no target, if it is none. */
export function exclusion(
  { snapshot, graph, fleet }: Pick<PlanningContext, 'snapshot' | 'graph' | 'fleet'>,
  row: number,
  id: string,
  ignored: ReadonlySet<string>,
): ReasonCode | undefined {
  const { config } = snapshot;
  return fleet.rows[row] === 1
    ? 'fleet_member'
    : graph.capacity.get(row) < config.targetMinCapacitySat
      ? 'capacity_below_minimum'
      : (graph.degree[row] ?? 0) < config.targetMinChannels
        ? 'channels_below_minimum'
        : graph.announced[row] !== 1
          ? 'unannounced'
          : ignored.has(id)
            ? 'operator_ignored'
            : undefined;
}
