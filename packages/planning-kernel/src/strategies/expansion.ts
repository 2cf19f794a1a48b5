import type { PlanningContext } from '../context.ts';
import { hasFlag } from '../flags.ts';
import { nodeIdAt } from '../graph/graph-index.ts';
import type { RawIntent } from '../intents/order-intent.ts';
import type { ReasonCode } from '../reasons.ts';
import type { Quality, Snapshot } from '../snapshot.ts';
import type { RankedTarget } from './ranked-target.ts';
import { rankTargets, universeScales } from './ranking.ts';
import type { Proposal, Strategy } from './strategy.ts';

/** Proposes channels to valuable targets in which the fleet holds little. */
export const expansionStrategy: Strategy = {
  name: 'expansion',
  propose(context, universe, before) {
    const guard = before.find((proposal) => proposal.guard !== undefined)?.guard;
    const saturated = new Set<string>(guard?.saturated.map((s) => s.target));
    const rows = universe.rows.filter((row) => {
      const target = nodeIdAt(context.graph, row);
      const reason =
        guard?.aborted === true ? 'mass_saturation' : refusal(context, target, saturated);
      if (reason !== undefined) {
        context.diagnostics.drop('strategies', reason, target);
      }
      return reason === undefined;
    });
    const { ranked } = rankTargets(context, rows, universeScales(context, universe));
    return {
      ranking: ranked,
      intents: ranked.map((r) => intentFor(context.snapshot, r)),
    } satisfies Proposal;
  },
};

/** Why the fleet does not want more of a target, if it does not. */
export function refusal(
  { snapshot, fleet, quality }: Pick<PlanningContext, 'snapshot' | 'fleet' | 'quality'>,
  target: string,
  saturated: ReadonlySet<string>,
): ReasonCode | undefined {
  const { config, now } = snapshot;
  const { sharePpm } = fleet.shareOf(target);
  return saturated.has(target) || (sharePpm ?? 0) >= config.saturatedPpm
    ? 'saturated'
    : sharePpm !== null && sharePpm >= config.underservedPpm
      ? 'share_sufficient'
      : hasFlag(snapshot.flags, 'oneMemberPerTarget') && fleet.connected.has(target)
        ? 'member_connected'
        : now < coolDownUntil(snapshot, quality.get(target))
          ? 'cooling_down'
          : undefined;
}

/** When a target may be asked again after refusals, Unix ms; 0 where it never refused. */
export function coolDownUntil(
  { config }: Pick<Snapshot, 'config'>,
  quality: Quality | undefined,
): number {
  if (quality?.lastRefusedAt === undefined || quality.refusals === 0) {
    return 0;
  }
  // Doubling beyond 2^40 changes nothing: the longest wait is shorter.
  const wait = config.coolDownMs * 2 ** Math.min(quality.refusals - 1, 40);
  return quality.lastRefusedAt + Math.min(wait, config.coolDownMaxMs);
}

function intentFor({ config }: Snapshot, ranked: RankedTarget): RawIntent {
  return {
    target: ranked.target,
    side: 'open',
    type: 'limit',
    quantitySat: Math.max(ranked.wantedSat, config.minChannelSat),
    pricePpm: config.maxCostPpm,
    minSat: config.minChannelSat,
    stepSat: config.stepSat,
    strategy: expansionStrategy.name,
    rationale: `underserved, score ${ranked.scorePpm} ppm`,
  };
}
