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
  /**
   * Node ids of targets or client order ids, sorted. Empty where nodes never were candidates, because
   * they are below the minimums: most of the network is, and each can be asked about with `explain`.
   */
  readonly subjects: readonly string[];
}

/** Collects why candidates were dropped. */
export class Diagnostics {
  readonly #counted: Diagnostic[] = [];
  readonly #dropped = new Map<StageName, Map<ReasonCode, string[]>>();

  /** Notes how many were dropped without naming them. */
  count(stage: StageName, reason: ReasonCode, count: number): void {
    if (count > 0) {
      this.#counted.push({ stage, reason, changedBy: REASONS[reason], count, subjects: [] });
    }
  }

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
        .map(([reason, dropped]): Diagnostic => {
          const subjects = sortedUnique(dropped);
          return { stage, reason, changedBy: REASONS[reason], count: subjects.length, subjects };
        })
        .concat(this.#counted.filter((d) => d.stage === stage))
        .sort(compareBy((d) => d.reason)),
    );
  }
}
