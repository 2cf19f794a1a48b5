import { isNodeId, type NodeId } from '@cl-hive/core';
import { compareBy } from './canonical.ts';
import { Diagnostics, type StageName } from './diagnostics.ts';
import type { Share } from './fleet.ts';
import type { PlannedOrder } from './intents/order-intent.ts';
import { type Plan, type Prepared, runStages, type TextDigest } from './plan.ts';
import { REASONS, type ReasonCode } from './reasons.ts';
import { type Size, shareGapSat } from './sizing.ts';
import type { Quality } from './snapshot.ts';
import {
  availableBudget,
  chooseOpener,
  memberBudgets,
  openingConflict,
} from './stages/allocation.ts';
import { exclusion, universeStage } from './stages/universe.ts';
import { coolDownUntil, refusal } from './strategies/expansion.ts';
import type { RankedTarget } from './strategies/ranked-target.ts';
import { rateTarget, type Scales, universeScales } from './strategies/ranking.ts';

/** One reason why a target gets no channel now, and what would change it. */
export interface Obstacle {
  readonly stage: StageName;
  readonly reason: ReasonCode;
  readonly changedBy: string;
}

/** Every number and reason of one target. */
export interface Explanation {
  readonly target: string;
  /** Whether the public graph has it. */
  readonly known: boolean;
  readonly announced: boolean;
  readonly channels: number;
  readonly share: Share;
  /** What brings the fleet to its target share, sat. */
  readonly shareGapSat: number;
  /** Members that have a channel with it in any state, by id. */
  readonly connectedMembers: readonly string[];
  readonly quality: Quality | null;
  /** Unix ms; 0 where it may be asked. */
  readonly coolDownUntil: number;
  /** Marks and reach; null where the target is not known. */
  readonly rating: RankedTarget | null;
  /** Place in the plan's ranking from 1; null where it is not in it. */
  readonly rank: number | null;
  /** Who would open and how much, whatever else stands in the way. */
  readonly opener: { readonly member: NodeId | null; readonly size: Size | null };
  /** Everything that stands in the way, in the sequence of the stages; not only the first. */
  readonly obstacles: readonly Obstacle[];
  /** The plan's orders for it. */
  readonly orders: readonly PlannedOrder[];
}

/** A plan that can be asked about. */
export interface Explained {
  readonly plan: Plan;
  /** The fleet's part in one target. */
  readonly shareOf: (target: string) => Share;
  /** Explains one target, also one that nobody knows. */
  explain(target: string): Explanation;
  /** Rates targets that an operator names, best first; unknown ones last. */
  rate(targets: readonly string[]): readonly Explanation[];
}

/** Runs a prepared cycle and keeps what is needed to say why. */
export function explained(prepared: Prepared, sha256?: TextDigest): Explained {
  const { context } = prepared;
  const plan = runStages(prepared, sha256);
  const universe = universeStage.run({ ...context, diagnostics: new Diagnostics() }, undefined);
  const scales = bestOf(plan, universeScales(context, universe));
  const explain = (target: string): Explanation => explainTarget(prepared, plan, scales, target);
  return {
    plan,
    shareOf: (target) => context.fleet.shareOf(target),
    explain,
    rate: (targets) =>
      [...new Set(targets)].map(explain).sort(
        compareBy(
          (e) => -(e.rating?.scorePpm ?? -1),
          (e) => e.target,
        ),
      ),
  };
}

function bestOf(plan: Plan, scales: Scales): Scales {
  const reaches = plan.ranking.map((r) => r.reach);
  return {
    ...scales,
    bestSavedMsat: reaches.reduce((most, r) => Math.max(most, r.savedMsat), 0),
    bestRelieved: reaches.reduce((most, r) => Math.max(most, r.relieved), 0),
  };
}

function explainTarget(
  { context }: Prepared,
  plan: Plan,
  scales: Scales,
  target: string,
): Explanation {
  const { snapshot, graph, fleet } = context;
  const row = isNodeId(target) ? graph.nodeOf.get(target) : undefined;
  const known = row !== undefined && (graph.degree[row] ?? 0) > 0;
  const share = fleet.shareOf(target);
  const quality = context.quality.get(target) ?? null;
  const place = plan.ranking.findIndex((r) => r.target === target);
  const budgets = { fleetSat: availableBudget(context), ofMember: memberBudgets(context) };
  const idle = new Map(fleet.capital.map((c) => [c.member, c.idleSat]));
  const choice = chooseOpener(context, target, budgets, idle, new Map());
  return {
    target,
    known,
    announced: known && graph.announced[row] === 1,
    channels: known ? (graph.degree[row] ?? 0) : 0,
    share,
    shareGapSat: shareGapSat(snapshot.config, share),
    connectedMembers: [...(fleet.connected.get(target) ?? [])].sort(),
    quality,
    coolDownUntil: coolDownUntil(snapshot, quality ?? undefined),
    rating: known ? rateTarget(context, row, scales) : null,
    rank: place === -1 ? null : place + 1,
    opener: { member: choice.ok ? choice.member : null, size: choice.size },
    obstacles: obstaclesOf(context, plan, target, row, choice.ok ? undefined : choice.reason),
    orders: plan.orders.filter(
      (o) => (o.status === 'executable' ? o.target : o.intent.target) === target,
    ),
  };
}

function obstaclesOf(
  context: Prepared['context'],
  plan: Plan,
  target: string,
  row: number | undefined,
  noOpener: ReasonCode | undefined,
): readonly Obstacle[] {
  const saturated = new Set<string>(plan.guard.saturated.map((s) => s.target));
  const found: [StageName, ReasonCode | undefined][] = [
    [
      'universe',
      row === undefined
        ? 'unannounced'
        : exclusion(context, row, target, new Set<string>(context.snapshot.ignored)),
    ],
    ['strategies', refusal(context, target, saturated)],
    ['allocation', openingConflict(context, target)],
    ['allocation', noOpener],
    ...plan.diagnostics
      .filter((d) => d.subjects.includes(target))
      .map((d): [StageName, ReasonCode] => [d.stage, d.reason]),
    ...plan.orders
      .filter((o) => o.status === 'skipped' && o.intent.target === target)
      .map((o): [StageName, ReasonCode | undefined] => [
        'gates',
        o.status === 'skipped' ? o.reason : undefined,
      ]),
  ];
  const obstacles = new Map<ReasonCode, Obstacle>();
  for (const [stage, reason] of found) {
    if (reason !== undefined && !obstacles.has(reason)) {
      obstacles.set(reason, { stage, reason, changedBy: REASONS[reason] });
    }
  }
  return [...obstacles.values()];
}
