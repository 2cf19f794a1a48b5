import type { JsonObject, NodeId } from '@cl-hive/core';
import type { PlannedCycle, PlannerEngine, SizeQuestion } from './engine.ts';

/** What the planner's thread is asked; one for each method of {@link PlannerEngine}. */
export type EngineQuestion =
  | { readonly kind: 'plan'; readonly fleet: JsonObject; readonly record: boolean }
  | { readonly kind: 'explain'; readonly target: string }
  | { readonly kind: 'rate'; readonly targets: readonly string[] }
  | { readonly kind: 'size'; readonly question: SizeQuestion; readonly self: NodeId }
  | { readonly kind: 'map' }
  | {
      readonly kind: 'replay';
      readonly recording: NonNullable<PlannedCycle['recording']>;
      readonly digest: string;
    };

/** Where the thread finds lightningd. */
export interface EngineData {
  readonly rpcPath: string;
}

/** Answers a question in the thread. */
export function answerQuestion(engine: PlannerEngine, asked: EngineQuestion): Promise<unknown> {
  switch (asked.kind) {
    case 'plan':
      return engine.plan(asked.fleet, asked.record);
    case 'explain':
      return engine.explain(asked.target);
    case 'rate':
      return engine.rate(asked.targets);
    case 'size':
      return engine.size(asked.question, asked.self);
    case 'map':
      return engine.map();
    case 'replay':
      return engine.replay(asked.recording, asked.digest);
  }
}
