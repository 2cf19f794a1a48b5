import type { NodeId } from '@cl-hive/core';
import type { FleetMap, MapTarget } from '@cl-hive/hive';
import type { Explained, GraphIndex, Snapshot } from '@cl-hive/planning-kernel';

/** Ranked targets that the map shows beside those that the fleet has channels with. */
const RANKED_SHOWN = 20;

/** The fleet's map from the graph and the plan at hand. */
export function fleetMapOf(
  { plan, shareOf }: Explained,
  snapshot: Snapshot,
  graph: GraphIndex,
  aliasOf: (id: string) => string,
): FleetMap {
  const members = snapshot.members.map(({ id }) => id);
  const fleet = new Set<string>(members);
  const sums = new Map<string, { from: NodeId; to: NodeId; sat: number }>();
  for (const from of members) {
    for (const { peer, sat } of channelsOf(graph, from)) {
      // A channel between two members is seen from both ends.
      if (!fleet.has(peer) || from < peer) {
        const key = `${from} ${peer}`;
        const sum = sums.get(key) ?? { from, to: peer, sat: 0 };
        sums.set(key, { ...sum, sat: sum.sat + sat });
      }
    }
  }
  const links = [...sums.values()];
  const ranks = new Map(plan.ranking.slice(0, RANKED_SHOWN).map((r, at) => [r.target, at + 1]));
  const full = new Set<string>(plan.guard.saturated.map(({ target }) => target));
  const around = new Set([
    ...links.map(({ to }) => to).filter((id) => !fleet.has(id)),
    ...ranks.keys(),
  ]);
  return {
    members: members.map((id) => ({ id, alias: aliasOf(id) })),
    targets: [...around].map(
      (id): MapTarget => ({
        id,
        alias: aliasOf(id),
        ...shareOf(id),
        saturated: full.has(id),
        rank: ranks.get(id) ?? null,
      }),
    ),
    links,
  };
}

function* channelsOf(
  graph: GraphIndex,
  id: NodeId,
): Generator<{ readonly peer: NodeId; readonly sat: number }> {
  const row = graph.nodeOf.get(id);
  const end = row === undefined ? 0 : (graph.starts[row + 1] ?? 0);
  for (let at = row === undefined ? 0 : (graph.starts[row] ?? 0); at < end; at += 1) {
    const half = graph.outgoing[at] ?? 0;
    const peer = graph.nodeIds[graph.ends[half ^ 1] ?? -1];
    if (peer !== undefined) {
      yield { peer, sat: graph.effectiveSat[half >> 1] ?? 0 };
    }
  }
}
