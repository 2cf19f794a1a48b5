import { compareBy, sortedUnique } from './canonical.ts';
import { REASONS, type ReasonCode } from './reasons.ts';

/** The stages of a plan, in their sequence. */
export type StageName = 'universe' | 'strategies' | 'allocation' | 'orders' | 'gates';

const STAGES: readonly StageName[] = ['universe', 'strategies', 'allocation', 'orders', 'gates'];

/** All candidates that one stage dropped for one reason. */
export interface Diagnostic {
  readonly stage: StageName;
  readonly reason: ReasonCode;
  /** The setting, or the fact, that would change it. */
  readonly changedBy: string;
  readonly count: number;
  /** Node ids of targets or client order ids, sorted. */
  readonly subjects: readonly string[];
}

/** Collects why candidates were dropped. */
export class Diagnostics {
  readonly #dropped = new Map<StageName, Map<ReasonCode, string[]>>();

  drop(stage: StageName, reason: ReasonCode, subject: string): void {
    let reasons = this.#dropped.get(stage);
    if (reasons === undefined) {
      reasons = new Map();
      this.#dropped.set(stage, reasons);
    }
    const subjects = reasons.get(reason);
    if (subjects === undefined) {
      reasons.set(reason, [subject]);
    } else {
      subjects.push(subject);
    }
  }

  /** All that was dropped, by stage and reason. */
  list(): Diagnostic[] {
    return STAGES.flatMap((stage) =>
      [...(this.#dropped.get(stage) ?? [])]
        .map(([reason, dropped]) => {
          const subjects = sortedUnique(dropped);
          return { stage, reason, changedBy: REASONS[reason], count: subjects.length, subjects };
        })
        .sort(compareBy((d) => d.reason)),
    );
  }
}
