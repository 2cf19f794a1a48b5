import type { Msat, UnixMs } from '@cl-hive/core';
import type { ManagementCommand } from '@cl-hive/protocol';
import type { ActionFacts } from './facts.ts';
import { type Finding, finding, POLICY_REASONS, type PolicyReason } from './finding.ts';
import { type Grant, grantHolds } from './grant.ts';
import { GRANT_RULES } from './grant-findings.ts';
import { NODE_RULES } from './node-findings.ts';
import { effectiveRules } from './policy.ts';
import type { Case, Question } from './question.ts';
import type { PolicyRules } from './rules.ts';
import { VERDICTS, type Verdict } from './verdict.ts';

/** What the policy says, why, and what would change it. */
export interface Decision {
  readonly verdict: Verdict;
  readonly code: PolicyReason | 'allowed' | 'approved';
  readonly message: string;
  readonly remedy: string;
  /** Every rule that the action runs into, in the order of {@link POLICY_REASONS}. */
  readonly findings: readonly Finding[];
  /** The grant under which it was judged, and whose powers it uses. */
  readonly grant: number | undefined;
  /** The danger that it counted as, 1 to 10. */
  readonly danger: number;
  /** Lists must not reach back beyond this moment. */
  readonly historySince: UnixMs | undefined;
}

const ORDER: readonly string[] = Object.keys(POLICY_REASONS);

function strictest(findings: readonly Finding[]): Verdict {
  return findings.some(({ verdict }) => verdict === 'refuse')
    ? 'refuse'
    : findings.length > 0
      ? 'needs_approval'
      : 'allow';
}

function dangerOf(
  command: ManagementCommand,
  facts: ActionFacts,
  spent: Msat,
  rules: PolicyRules,
): number {
  const amount = facts.amountMsat ?? 0n;
  if (amount === 0n) {
    return command.danger;
  }
  const total = spent + amount + facts.feeMsat;
  const steps = rules.amountSteps.filter(({ aboveMsat }) => total > aboveMsat);
  return Math.max(command.danger, ...steps.map(({ danger }) => danger));
}

/** The mildest of the grants in force; of equals, the one with the lowest number. */
function bestGrant(the: Case): {
  readonly grant: Grant | undefined;
  readonly findings: readonly Finding[];
} {
  let best: { readonly grant: Grant; readonly findings: readonly Finding[] } | undefined;
  const grants = [...the.grants].sort((a, b) => a.id - b.id);
  for (const grant of grants.filter((one) => grantHolds(one, the.now))) {
    const findings = GRANT_RULES.flatMap((rule) => rule(the, grant) ?? []);
    const milder =
      best === undefined ||
      VERDICTS.indexOf(strictest(findings)) < VERDICTS.indexOf(strictest(best.findings));
    if (milder) {
      best = { grant, findings };
    }
  }
  const missing = finding(
    'grant_missing',
    'no grant of this advisor is in force',
    'the operator authorizes the advisor',
  );
  return best ?? { grant: undefined, findings: [missing] };
}

/**
 * Judges a command: every rule of the node and of the best grant is asked, and the strictest finding
 * is the answer. Total: it never throws, and what is unknown counts against the action. The caller
 * must judge the same frozen command that it carries out.
 */
export function judge(question: Question): Decision {
  const { policy, command, facts, activity, now, approved } = question;
  const rules = effectiveRules(policy, now);
  const danger = dangerOf(command, facts, activity.spentLastHourMsat, rules);
  const the: Case = { ...question, danger };
  const { grant, findings: ofGrant } = bestGrant(the);
  const findings = [...NODE_RULES.flatMap((rule) => rule(the, rules) ?? []), ...ofGrant].sort(
    (a, b) => ORDER.indexOf(a.code) - ORDER.indexOf(b.code),
  );
  const strict = strictest(findings);
  const verdict = strict === 'needs_approval' && approved ? 'allow' : strict;
  const first = findings.find((one) => one.verdict === strict);
  const hours = grant?.constraints.historyHours;
  const historySince = hours === undefined ? undefined : ((now - hours * 3_600_000) as UnixMs);
  const shared = { verdict, findings, grant: grant?.id, danger, historySince };
  if (first === undefined || verdict === 'allow') {
    return first === undefined
      ? { ...shared, code: 'allowed', message: 'policy and grant allow it', remedy: '' }
      : {
          ...shared,
          code: 'approved',
          message: `a person approved it: ${first.message}`,
          remedy: '',
        };
  }
  return { ...shared, code: first.code, message: first.message, remedy: first.remedy };
}
