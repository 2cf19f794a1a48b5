import type { CommandRefusalCode, EnvelopeErrorCode } from '@cl-hive/protocol';
import type { PrincipalRefusal } from '../advisors/resolve.ts';
import type { OrderReason } from '../orders/reason.ts';
import type { PolicyReason } from '../policy/finding.ts';

/** Why a request did not do what it asked for, beside what envelope, registry and policy say. */
export const OWN_REASONS = [
  'wrong_node',
  'epoch_mismatch',
  'clock_skew',
  'rate_limited',
  'rate_limited_dangerous',
  'signature_invalid',
  'did_refused',
  'did_unavailable',
  'nonce_used',
  'nonce_ahead',
  'idempotency_conflict',
  'approvals_full',
  'budget_cap',
  'paying_off',
  'purpose_not_granted',
  'payer_stopped',
  'paid_no_effect',
  'payment_required',
  'approval_waits',
  'approval_rejected',
  'approval_expired',
  'approval_already',
  'approval_unknown',
  'not_started',
  'execution_failed',
  'unsupported',
  'outcome_unknown',
  'result_too_large',
  'node_unavailable',
  'storage',
] as const;

/** Every reason code of an answer: a closed list. */
export type Reason =
  | (typeof OWN_REASONS)[number]
  | OrderReason
  | EnvelopeErrorCode
  | CommandRefusalCode
  | PrincipalRefusal
  | PolicyReason;

/** A refusal: code, sentence, and what would change it. */
export interface Refusal {
  readonly code: Reason;
  readonly message: string;
  readonly remedy: string;
}

const PRINCIPAL: Readonly<Record<PrincipalRefusal, readonly [string, string]>> = {
  principal_unknown: ['no advisor has this key', 'the operator authorizes it'],
  principal_mismatch: ['the key belongs to another than the one named', 'sign under your own name'],
  principal_revoked: ['the advisor was revoked', 'the operator authorizes it anew'],
  trial_over: ['the trial is over', 'the operator ends the trial or authorizes anew'],
};

/** The refusal of a principal. */
export function principalRefusal(code: PrincipalRefusal): Refusal {
  const [message, remedy] = PRINCIPAL[code];
  return { code, message, remedy };
}
