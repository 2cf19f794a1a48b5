import type { PlannedCycle } from './engine/engine.ts';

/** Who asked for a cycle. */
export type Trigger = 'timer' | 'operator';

/** A finished cycle. */
export interface CycleReport extends PlannedCycle {
  readonly dry: boolean;
  readonly trigger: Trigger;
  readonly durationMs: number;
}
