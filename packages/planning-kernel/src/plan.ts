import { canonicalJson, compareBy, textDigest } from './canonical.ts';
import type { PlanningContext } from './context.ts';
import type { Defect } from './defects.ts';
import { type Diagnostic, Diagnostics } from './diagnostics.ts';
import { fleetView, type MemberCapital } from './fleet.ts';
import { type GraphChanges, type GraphIndex, nodeIdAt } from './graph/graph-index.ts';
import { GraphReader } from './graph/graph-reader.ts';
import type { ExecutableOrder, PlannedOrder, RawIntent } from './intents/order-intent.ts';
import { RANKING_MAX } from './limits.ts';
import { type Bottleneck, type ReachMeter, reachMeter } from './reach-meter.ts';
import type { DecodedSnapshot } from './snapshot.ts';
import { decodeSnapshot } from './snapshot-decoder.ts';
import { allocationStage } from './stages/allocation.ts';
import { gatesStage } from './stages/gates.ts';
import { ordersStage } from './stages/orders.ts';
import { strategiesStage } from './stages/strategies.ts';
import { universeStage } from './stages/universe.ts';
import type { GuardOutcome } from './strategies/guard-outcome.ts';
import type { RankedTarget } from './strategies/ranked-target.ts';
import type { Proposal } from './strategies/strategy.ts';

/** Version of a plan's shape. */
const PLAN_VERSION = 1;

/** A plan without its digest. */
interface PlanBody {
  readonly version: typeof PLAN_VERSION;
  readonly flags: readonly number[];
  /** Unix ms and height of the snapshot. */
  readonly now: number;
  readonly blockHeight: number;
  /** Targets worth considering, by id. */
  readonly universe: readonly string[];
  /** Underserved targets of value, best first, at most 50. */
  readonly ranking: readonly RankedTarget[];
  readonly guard: GuardOutcome;
  /** Members and their idle funds, best opener first. */
  readonly members: readonly MemberCapital[];
  readonly reach: {
    readonly reachedOut: number;
    readonly reachedIn: number;
    readonly bottlenecks: readonly Bottleneck[];
  } | null;
  /** What strategies wanted, and what of it got capital; by target, side, strategy, rationale, amount. */
  readonly intents: readonly RawIntent[];
  readonly allocated: readonly RawIntent[];
  /** By target, side and client order id. Whoever carries them out keeps this sequence. */
  readonly orders: readonly PlannedOrder[];
  /** Why everything else was dropped. */
  readonly diagnostics: readonly Diagnostic[];
  /** What was wrong with the snapshot and how often. */
  readonly input: readonly Defect[];
}

/** What one snapshot leads to. `digest` is the SHA-256 of {@link planBytes}. */
export interface Plan extends PlanBody {
  readonly digest: string;
}

/** A plan, and the index of the graph for the next cycle. */
export interface Cycle {
  readonly plan: Plan;
  readonly graph: GraphIndex;
  readonly changes: GraphChanges;
}

/**
 * Plans one cycle. The same snapshot gives the same bytes on every machine and in whatever order its
 * lists come. Throws CodedError `bad_snapshot`, `bad_config` or `unknown_flag`; everything else that
 * is wrong is in `plan.input`.
 */
export function plan(snapshot: unknown): Plan {
  return planCycle(snapshot, undefined).plan;
}

/**
 * As {@link plan}, with the index that the cycle before returned: unchanged channels are not computed
 * again, and the plan is the same as without it. Or with a reader of that index that has read channels
 * already, in pieces: the snapshot's own, mostly none, are read behind them.
 */
export function planCycle(
  input: unknown,
  from: GraphIndex | GraphReader | undefined,
  sha256: TextDigest = textDigest,
): Cycle {
  const prepared = prepare(input, from);
  return {
    plan: runStages(prepared, sha256),
    graph: prepared.context.graph,
    changes: prepared.changes,
  };
}

/** A decoded snapshot with its graph and fleet, before any stage. */
export interface Prepared {
  readonly context: PlanningContext;
  readonly changes: GraphChanges;
  readonly decoded: DecodedSnapshot;
}

/** Decodes a snapshot and builds what all stages look at, see {@link planCycle}. Throws as {@link plan}. */
export function prepare(input: unknown, from: GraphIndex | GraphReader | undefined): Prepared {
  const whole = decodeSnapshot(input);
  const reader = from instanceof GraphReader ? from : new GraphReader(from);
  reader.read(whole.snapshot.channels);
  const { graph, changes } = reader.finish(whole.snapshot.nodes);
  // The index stands for the lists from here on: whoever keeps a plan to ask about it keeps it alone.
  const snapshot = { ...whole.snapshot, channels: [], nodes: undefined };
  const decoded = { ...whole, snapshot };
  const fleet = fleetView(snapshot, graph);
  let meter: ReachMeter | undefined;
  const context: PlanningContext = {
    snapshot,
    unreadable: decoded.unreadable,
    graph,
    fleet,
    quality: new Map(snapshot.quality.map((q) => [q.target, q])),
    diagnostics: new Diagnostics(),
    reach: () => {
      meter ??= reachMeter(snapshot, graph, fleet.rows);
      return meter;
    },
  };
  return { context, changes, decoded };
}

/** SHA-256 of a text's UTF-8 in lower-case hexadecimal: a platform's is several times faster than the kernel's own. */
export type TextDigest = (text: string) => string;

/** Runs all stages over what was prepared. */
export function runStages({ context, decoded }: Prepared, sha256: TextDigest = textDigest): Plan {
  const universe = universeStage.run(context, undefined);
  const proposals = strategiesStage.run(context, universe);
  const allocated = allocationStage.run(context, proposals);
  const orders = gatesStage.run(context, ordersStage.run(context, allocated));
  const ranking = proposals.flatMap((p) => p.ranking ?? []);
  const body: PlanBody = {
    version: PLAN_VERSION,
    flags: context.snapshot.flags,
    now: context.snapshot.now,
    blockHeight: context.snapshot.blockHeight,
    universe: universe.rows.map((row) => nodeIdAt(context.graph, row)),
    ranking: ranking.slice(0, RANKING_MAX),
    guard: guardOf(proposals),
    members: context.fleet.capital,
    reach: ranking.length === 0 ? null : reachOf(context),
    intents: proposals.flatMap((p) => p.intents).sort(compareIntents),
    allocated: [...allocated].sort(compareIntents),
    orders,
    diagnostics: context.diagnostics.list(),
    input: [...decoded.defects, ...context.graph.defects, ...context.fleet.defects].sort(
      compareBy(
        (d) => d.list,
        (d) => d.code,
      ),
    ),
  };
  return { ...body, digest: sha256(canonicalJson(body)) };
}

function guardOf(proposals: readonly Proposal[]): GuardOutcome {
  return (
    proposals.find((p) => p.guard !== undefined)?.guard ?? {
      aborted: false,
      intents: [],
      saturated: [],
    }
  );
}

function reachOf(context: PlanningContext): PlanBody['reach'] {
  const { reachedOut, reachedIn, bottlenecks } = context.reach();
  return { reachedOut, reachedIn, bottlenecks };
}

const compareIntents = compareBy<RawIntent>(
  (i) => String(i.target),
  (i) => String(i.side),
  (i) => i.strategy,
  (i) => i.rationale,
  (i) => (typeof i.quantitySat === 'number' ? i.quantitySat : String(i.quantitySat)),
  (i) => canonicalJson(i),
);

/** The canonical text of a plan without its digest. */
export function planBytes(plan: Plan): string {
  const { digest: _, ...body } = plan;
  return canonicalJson(body);
}

/** The orders that are to be carried out, in the plan's sequence. */
export function executableOrders(plan: Pick<Plan, 'orders'>): readonly ExecutableOrder[] {
  return plan.orders.filter((order) => order.status === 'executable');
}
