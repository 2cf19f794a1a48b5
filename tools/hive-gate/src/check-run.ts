import {
  CHECKS,
  type Check,
  type Evidence,
  type EvidenceSet,
  judgeAll,
  type Verdict,
} from '@cl-hive/readiness';
import { type Collector, gather } from './collectors/collector.ts';
import { COLLECTORS } from './collectors/index.ts';
import type { Setting } from './setting.ts';

/** A check with what it says and how long its evidence took, ms. */
export interface CheckedLine {
  readonly check: Check;
  readonly verdict: Verdict;
  readonly tookMs: number;
}

/** What a run of the checks brought. */
export interface CheckRun {
  readonly evidence: EvidenceSet;
  readonly lines: readonly CheckedLine[];
}

/** Gathers what `checks` need, one collector after another, and judges it. */
export async function runChecks(
  checks: readonly Check[],
  setting: Setting,
  progress: (text: string) => void,
  collectors: readonly Collector[] = COLLECTORS,
): Promise<CheckRun> {
  const wanted = new Set(checks.map(({ collector }) => collector));
  const used = collectors.filter(({ id }) => wanted.has(id));
  const evidence = new Map<string, Evidence>();
  for (const [index, collector] of used.entries()) {
    progress(`${index + 1}/${used.length} ${collector.id}`);
    evidence.set(collector.id, await gather(collector, setting));
  }
  progress('');
  const context = { now: setting.now(), config: setting.config, subject: setting.subject };
  const verdicts = judgeAll(checks, evidence, context);
  const lines = checks.map((check, index) => ({
    check,
    verdict: verdicts[index] ?? { check: check.id, outcome: 'unknown' as const, evidence: '' },
    tookMs: evidence.get(check.collector)?.took_ms ?? 0,
  }));
  return { evidence, lines };
}

/** The checks that `--only` names: ids or gates, separated by commas; undefined for one that is neither. */
export function chooseChecks(
  only: string | undefined,
  checks: readonly Check[] = CHECKS,
): readonly Check[] | undefined {
  if (only === undefined) {
    return checks;
  }
  const words = only.split(',').map((word) => word.trim().toLowerCase());
  const matches = ({ id, gate }: Check, word: string): boolean =>
    id.toLowerCase() === word || gate.toLowerCase() === word;
  return words.every((word) => checks.some((check) => matches(check, word)))
    ? checks.filter((check) => words.some((word) => matches(check, word)))
    : undefined;
}
