import type { PlanningContext } from '../context.ts';
import type { RawIntent } from '../intents/order-intent.ts';
import type { Universe } from '../stages/stage.ts';
import type { GuardOutcome } from './guard-outcome.ts';
import type { RankedTarget } from './ranked-target.ts';

/** What one strategy wants. */
export interface Proposal {
  /** In the sequence in which they should get capital. */
  readonly intents: readonly RawIntent[];
  readonly ranking?: readonly RankedTarget[];
  readonly guard?: GuardOutcome;
}

/** A strategy proposes; capital, duplicates and gates are not its business. */
export interface Strategy {
  readonly name: string;
  propose(context: PlanningContext, universe: Universe, before: readonly Proposal[]): Proposal;
}
