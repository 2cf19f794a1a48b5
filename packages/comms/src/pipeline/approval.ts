import type { ActionFacts } from '../policy/facts.ts';
import { judge } from '../policy/judge.ts';
import { type JudgeSnapshot, reserveFor } from './claim.ts';
import type { Intent } from './intent.ts';
import type { Reason, Refusal } from './reason.ts';
import { approvalReceipt, intentReceipt } from './receipt-data.ts';
import type { Moment, Write } from './write.ts';

/** What a person's word came to; `writes` are to be stored in the transaction that read the intent. */
export type ApprovalDecision =
  | { readonly kind: 'claimed'; readonly intent: Intent; readonly writes: readonly Write[] }
  | { readonly kind: 'closed'; readonly intent: Intent; readonly writes: readonly Write[] }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly writes: readonly Write[] };

function refused(code: Reason, message: string, remedy: string): ApprovalDecision {
  return { kind: 'refused', refusal: { code, message, remedy }, writes: [] };
}

function close(
  intent: Intent,
  state: 'rejected' | 'expired',
  by: string,
  moment: Moment,
): ApprovalDecision {
  const expired = state === 'expired';
  const closed: Intent = {
    ...intent,
    state,
    outcome: {
      outcome: 'refused',
      code: expired ? 'approval_expired' : 'approval_rejected',
      message: expired ? 'nobody decided in time' : 'a person rejected it',
      remedy: expired ? 'ask again' : 'ask the operator why',
    },
  };
  return {
    kind: 'closed',
    intent: closed,
    writes: [
      { kind: 'intent', intent: closed },
      { kind: 'token_back', intent: intent.id },
      { kind: 'receipt', draft: approvalReceipt(intent, state, by, moment.now) },
      { kind: 'answer', intent: intent.id },
    ],
  };
}

/** Whether a waiting intent has lapsed. */
export function hasLapsed(intent: Intent, moment: Moment): boolean {
  const { state, expiresGuardMs } = intent;
  return state === 'waiting' && expiresGuardMs !== undefined && moment.guardMs >= expiresGuardMs;
}

/** Why a person's word cannot count; undefined when the intent waits. */
function notWaiting(intent: Intent | undefined, id: number): ApprovalDecision | undefined {
  if (intent === undefined) {
    return refused(
      'approval_unknown',
      `nothing waits under ${id}`,
      'hive-client-pending lists what waits',
    );
  }
  return intent.state === 'waiting'
    ? undefined
    : refused('approval_already', `${id} is ${intent.state} already`, 'nothing is left to decide');
}

/**
 * Approves a waiting intent: policy and budget are asked again, with facts of this moment. What is
 * refused now goes on waiting until it lapses, so that the operator can change what is in the way.
 */
export function decideApproval(
  id: number,
  intent: Intent | undefined,
  facts: ActionFacts,
  stateBefore: string | undefined,
  by: string,
  snapshot: JudgeSnapshot,
  moment: Moment,
): ApprovalDecision {
  const wrong = notWaiting(intent, id);
  if (wrong !== undefined || intent === undefined) {
    return (
      wrong ??
      refused(
        'approval_unknown',
        `nothing waits under ${id}`,
        'hive-client-pending lists what waits',
      )
    );
  }
  if (hasLapsed(intent, moment)) {
    return close(intent, 'expired', by, moment);
  }
  const { policy, grants, activity } = snapshot;
  const { now } = moment;
  const { command } = intent;
  const decision = judge({ policy, grants, command, facts, activity, now, approved: true });
  if (decision.verdict !== 'allow') {
    return refused(decision.code as Reason, decision.message, decision.remedy);
  }
  const { amountMsat, feeMsat, closesMsat, payment } = facts;
  const claimed: Intent = {
    ...intent,
    state: 'claimed',
    danger: decision.danger,
    facts: { amountMsat, feeMsat, closesMsat, ...(payment === undefined ? {} : { payment }) },
    guardMs: moment.guardMs,
    expiresGuardMs: undefined,
    outcome: undefined,
  };
  // What the grant itself allows is charged to it; what only the person allows is charged to nobody's grant.
  const alone = judge({ policy, grants, command, facts, activity, now, approved: false });
  const beyond = alone.findings.some(({ code }) => code.endsWith('_not_granted'));
  const grant = beyond ? undefined : decision.grant;
  const reserved = reserveFor(claimed, grant, snapshot, moment);
  if (!reserved.ok) {
    return { kind: 'refused', refusal: reserved.refusal, writes: [] };
  }
  return {
    kind: 'claimed',
    intent: claimed,
    writes: [
      { kind: 'intent', intent: claimed },
      ...reserved.entries.map((entry) => ({ kind: 'ledger', entry }) as const),
      { kind: 'receipt', draft: approvalReceipt(intent, 'approved', by, now) },
      { kind: 'receipt', draft: intentReceipt(claimed, grant, stateBefore, now) },
    ],
  };
}

/** Rejects a waiting intent. */
export function decideRejection(
  id: number,
  intent: Intent | undefined,
  by: string,
  moment: Moment,
): ApprovalDecision {
  const wrong = notWaiting(intent, id);
  if (wrong !== undefined || intent === undefined) {
    return (
      wrong ??
      refused(
        'approval_unknown',
        `nothing waits under ${id}`,
        'hive-client-pending lists what waits',
      )
    );
  }
  return close(intent, hasLapsed(intent, moment) ? 'expired' : 'rejected', by, moment);
}

/** Closes a waiting intent whose time is over; undefined while it may wait. */
export function decideLapse(intent: Intent, moment: Moment): ApprovalDecision | undefined {
  return hasLapsed(intent, moment) ? close(intent, 'expired', 'time', moment) : undefined;
}
