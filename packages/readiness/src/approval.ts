import { type Decoded, hex, integer, object, oneOf } from '@cl-hive/core';
import { canonicalHash } from '@cl-hive/protocol';
import { fail, type Problem, unknown } from './check.ts';
import type { GatesConfig } from './config.ts';
import { CLOCK_AHEAD_MS } from './limits.ts';
import { STAGES, type Stage } from './rollout.ts';
import { decodeSignature, keyName, type VerifyEd25519, verifySignature } from './signature.ts';

const content = object({
  format: oneOf('hive-gate-approval-1'),
  /** Digest of the report that is approved. */
  report: hex(32),
  /** Stage that may begin. */
  stage: oneOf<Stage>(...STAGES),
  verdict: oneOf('Execution Approved'),
  at: integer(0),
});

/** "Execution Approved": a maintainer's word on one report and one stage. */
export const decodeApproval = object({ content, signature: decodeSignature });
export type Approval = Decoded<typeof decodeApproval>;

/** What a maintainer signs. */
export function approvalContent(report: string, stage: Stage, at: number): Approval['content'] {
  return { format: 'hive-gate-approval-1', report, stage, verdict: 'Execution Approved', at };
}

/** Digest that an approval's signature covers. */
export function approvalDigest(approval: Approval['content']): string {
  return canonicalHash(approval);
}

/**
 * What keeps a stage from being approved: k of n maintainers must have approved this very report for
 * this very stage, after it was made. No vote, and no lapse of time, is a yes.
 */
export function approvalProblems(
  approvals: readonly Approval[],
  about: {
    readonly report: string;
    readonly made_at: number;
    readonly stage: Stage;
    readonly now: number;
  },
  config: GatesConfig,
  ed25519: VerifyEd25519,
): readonly Problem[] {
  const { maintainers, required } = config.approvals;
  const voices = new Set<string>();
  const problems: Problem[] = [];
  for (const { content: said, signature } of approvals) {
    const name = keyName(signature);
    const who = maintainers.find(({ key }) => key === name);
    if (who === undefined) {
      problems.push(fail(name, `${name} is no maintainer's key`));
    } else if (!verifySignature('approval', approvalDigest(said), signature, ed25519)) {
      problems.push(fail(name, `the approval of ${who.name} is not signed by that key`));
    } else if (said.report !== about.report || said.stage !== about.stage) {
      problems.push(fail(name, `${who.name} approved another report or another stage`));
    } else if (said.at + CLOCK_AHEAD_MS < about.made_at || said.at - about.now > CLOCK_AHEAD_MS) {
      problems.push(fail(name, `${who.name}'s approval is dated before the report or ahead`));
    } else {
      voices.add(name);
    }
  }
  if (voices.size < required) {
    const text = `${voices.size} of ${required} approvals by ${maintainers.length} maintainers`;
    problems.push(unknown('approvals', text, 'hive-gate approve REPORT --stage ... --key FILE'));
  }
  return problems;
}
