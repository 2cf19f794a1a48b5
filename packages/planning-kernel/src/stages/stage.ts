import type { PlanningContext } from '../context.ts';
import type { StageName } from '../diagnostics.ts';

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
