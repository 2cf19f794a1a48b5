import type { Verdict } from './verdict.ts';

/**
 * Every reason for which the policy refuses or asks a person, in the order in which they are told:
 * of several with the strictest verdict the first is the answer.
 */
export const POLICY_REASONS = {
  grant_missing: 'refuse',
  self_protected: 'refuse',
  schema_blocked: 'refuse',
  tier_too_low: 'refuse',
  action_not_granted: 'refuse',
  danger_not_granted: 'refuse',
  subject_unknown: 'refuse',
  peer_forbidden: 'refuse',
  channel_protected: 'refuse',
  peer_not_named: 'refuse',
  channel_not_named: 'refuse',
  amount_unknown: 'refuse',
  amount_too_large: 'refuse',
  fee_change_too_large: 'refuse',
  danger_too_high: 'refuse',
  hour_limit: 'refuse',
  day_limit: 'refuse',
  advice_only: 'needs_approval',
  always_a_person: 'needs_approval',
  force_close_person: 'needs_approval',
  close_share: 'needs_approval',
  spend_not_granted: 'needs_approval',
  close_not_granted: 'needs_approval',
  force_close_not_granted: 'needs_approval',
  danger_needs_person: 'needs_approval',
  fee_change_needs_person: 'needs_approval',
  quiet_hours: 'needs_approval',
} as const satisfies Readonly<Record<string, Exclude<Verdict, 'allow'>>>;

/** A reason code of the policy. */
export type PolicyReason = keyof typeof POLICY_REASONS;

/** One rule that an action runs into. */
export interface Finding {
  readonly code: PolicyReason;
  readonly verdict: Exclude<Verdict, 'allow'>;
  /** A sentence for people. */
  readonly message: string;
  /** The setting that decides it and what would change it. */
  readonly remedy: string;
}

/** A finding with the verdict that its code has. */
export function finding(code: PolicyReason, message: string, remedy: string): Finding {
  return { code, verdict: POLICY_REASONS[code], message, remedy };
}
