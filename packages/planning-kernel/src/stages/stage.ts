import type { PlanningContext } from '../context.ts';
import type { StageName } from '../diagnostics.ts';
import type { RawIntent } from '../intents/order-intent.ts';
import type { GuardIntent, SaturatedTarget } from '../strategies/guard.ts';
import type { RankedTarget } from '../strategies/ranking.ts';

/**
 * One stage of the pipeline: a function of what is known and what the stage before gave. What it drops
 * it names in `context.diagnostics`.
 */
export interface Stage<Input, Output> {
  readonly name: StageName;
  run(context: PlanningContext, input: Input): Output;
}

/** The targets worth considering: rows of the graph, in the order of their ids. */
export interface Universe {
  readonly rows: readonly number[];
}

/** What one strategy wants. */
export interface Proposal {
  /** In the sequence in which they should get capital. */
  readonly intents: readonly RawIntent[];
  readonly ranking?: readonly RankedTarget[];
  readonly guard?: GuardOutcome;
}

/** What the guard decided; `aborted` where so much is saturated at once that the data cannot be right. */
export interface GuardOutcome {
  readonly aborted: boolean;
  readonly intents: readonly GuardIntent[];
  /** All targets that are saturated now, by id. */
  readonly saturated: readonly SaturatedTarget[];
}

/** A strategy proposes; capital, duplicates and gates are not its business. */
export interface Strategy {
  readonly name: string;
  propose(context: PlanningContext, universe: Universe, before: readonly Proposal[]): Proposal;
}
