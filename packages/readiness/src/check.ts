import { DecodeError, type Decoder } from '@cl-hive/core';
import { acceptanceOf, type GatesConfig } from './config.ts';
import type { Evidence, EvidenceSet, Subject } from './evidence.ts';
import { subjectDigest } from './evidence.ts';
import { CLOCK_AHEAD_MS, PROBLEMS_SHOWN } from './limits.ts';

/** Parts of readiness. The last two are about a node, not a release. */
export const GATES = ['A', 'B', 'C', 'D', 'release', 'canary', 'node'] as const;
export type Gate = (typeof GATES)[number];

/** What each gate asks. */
export const GATE_TITLES: Readonly<Record<Gate, string>> = {
  A: 'reliability',
  B: 'operational readiness',
  C: 'security and audit',
  D: 'compatibility',
  release: 'the release itself',
  canary: 'the canary node',
  node: 'this node',
};

/** A check's outcome; `unknown` promotes as little as `fail` does. */
export type Outcome = 'pass' | 'fail' | 'unknown';

/** Something that keeps a check from passing. */
export interface Problem {
  readonly kind: 'fail' | 'unknown';
  /** What it is about, stable: an acceptance names it. */
  readonly subject: string;
  readonly text: string;
  /** What to do; the check's own next step where absent. */
  readonly next?: string;
}

/** What a rule says of evidence: problems, or the summary of why there are none. */
export interface Judgement {
  readonly problems: readonly Problem[];
  readonly summary: string;
}

/** What rules know besides their evidence. */
export interface JudgeContext {
  readonly now: number;
  readonly config: GatesConfig;
  readonly subject: Subject;
}

/** A rule, closed over the shape of its evidence. */
export interface Check {
  readonly id: string;
  readonly gate: Gate;
  readonly title: string;
  /** Why it is asked: a sentence for `explain`. */
  readonly why: string;
  /** The collector whose evidence it judges. */
  readonly collector: string;
  /** What to do when it does not pass and the problem names nothing better. */
  readonly next: string;
  /** Whether a person may answer for a finding for a time (gates.yaml). */
  readonly acceptable: boolean;
  readonly judge: (value: unknown, context: JudgeContext) => Judgement;
}

/** Makes a check whose rule gets decoded evidence. */
export function defineCheck<T>(
  check: Omit<Check, 'judge' | 'acceptable'> & {
    readonly acceptable?: boolean;
    readonly decode: Decoder<T>;
    readonly rule: (value: T, context: JudgeContext) => Judgement;
  },
): Check {
  const { decode, rule, acceptable = false, ...rest } = check;
  return { ...rest, acceptable, judge: (value, context) => rule(decode(value), context) };
}

/** A check's result as a report holds it. */
export interface Verdict {
  readonly check: string;
  readonly outcome: Outcome;
  readonly evidence: string;
  /** What to do next; absent for a pass. */
  readonly next?: string;
}

/** A problem that says fail. */
export function fail(subject: string, text: string, next?: string): Problem {
  return { kind: 'fail', subject, text, ...(next === undefined ? {} : { next }) };
}

/** A problem that says unknown. */
export function unknown(subject: string, text: string, next?: string): Problem {
  return { kind: 'unknown', subject, text, ...(next === undefined ? {} : { next }) };
}

/** Judges one check. Whatever is missing, unreadable, old, of other builds or of the future is unknown. */
export function judgeCheck(check: Check, set: EvidenceSet, context: JudgeContext): Verdict {
  const evidence = set.get(check.collector);
  const unfit = unfitness(evidence, context);
  if (unfit !== undefined || evidence === undefined) {
    const { text, next } = unfit ?? { text: 'not gathered', next: undefined };
    return { check: check.id, outcome: 'unknown', evidence: text, next: next ?? check.next };
  }
  try {
    return verdictOf(check, check.judge(evidence.value, context), context);
  } catch (error) {
    if (error instanceof DecodeError) {
      const text = `evidence of ${check.collector} cannot be judged: ${error.message}`;
      return { check: check.id, outcome: 'unknown', evidence: text, next: check.next };
    }
    throw error;
  }
}

/** Why evidence cannot be judged at all. */
function unfitness(
  evidence: Evidence | undefined,
  { now, config, subject }: JudgeContext,
): { readonly text: string; readonly next?: string } | undefined {
  if (evidence === undefined) {
    return { text: 'not gathered' };
  }
  if (evidence.state === 'missing') {
    const { reason = 'not gathered', next } = evidence;
    return { text: reason, ...(next === undefined ? {} : { next }) };
  }
  if (evidence.of !== subjectDigest(subject)) {
    return {
      text: 'the evidence is of another commit or of other builds',
      next: 'gather it again',
    };
  }
  const age = now - evidence.at;
  if (age < -CLOCK_AHEAD_MS) {
    return { text: 'the evidence is dated in the future', next: "set this machine's clock" };
  }
  const hours = config.thresholds.evidence_hours;
  if (age > hours * 3_600_000) {
    return { text: `the evidence is older than ${hours} h`, next: 'gather it again: --fresh' };
  }
  return undefined;
}

function verdictOf(check: Check, judgement: Judgement, context: JudgeContext): Verdict {
  const open: Problem[] = [];
  const accepted: string[] = [];
  for (const problem of judgement.problems) {
    const found =
      check.acceptable && problem.kind === 'fail'
        ? acceptanceOf(context.config, check.id, problem.subject, context.now)
        : undefined;
    if (found === undefined) {
      open.push(problem);
    } else if (found.lapsed) {
      const text = `${problem.text} (its acceptance by ${found.acceptance.by} has lapsed)`;
      open.push({ ...problem, text });
    } else {
      accepted.push(`${problem.subject} accepted by ${found.acceptance.by}`);
    }
  }
  if (open.length === 0) {
    const evidence = [judgement.summary, ...accepted].join('; ');
    return { check: check.id, outcome: 'pass', evidence };
  }
  const fails = open.filter(({ kind }) => kind === 'fail');
  const shown = fails.length > 0 ? fails : open;
  const rest = shown.length - PROBLEMS_SHOWN;
  const texts = shown.slice(0, PROBLEMS_SHOWN).map(({ text }) => text);
  return {
    check: check.id,
    outcome: fails.length > 0 ? 'fail' : 'unknown',
    evidence: [...texts, ...(rest > 0 ? [`and ${rest} more`] : [])].join('; '),
    next: shown[0]?.next ?? check.next,
  };
}

/** Judges all of `checks`, in their order. */
export function judgeAll(
  checks: readonly Check[],
  set: EvidenceSet,
  context: JudgeContext,
): readonly Verdict[] {
  return checks.map((check) => judgeCheck(check, set, context));
}

/** The worst outcome: fail before unknown before pass. Nothing checked is unknown. */
export function worst(verdicts: readonly Verdict[]): Outcome {
  const outcomes = verdicts.map(({ outcome }) => outcome);
  if (outcomes.includes('fail')) {
    return 'fail';
  }
  return outcomes.length === 0 || outcomes.includes('unknown') ? 'unknown' : 'pass';
}
