import { BUDGET_SPAN_MS } from '../limits.ts';

/** `advisor`: a person approves everything. `failsafe`: what fits the budget goes without. */
export type GovernanceMode = 'advisor' | 'failsafe';

/** What the node's owner allows for openings, sat. All 0 by default: nothing is spent. */
export interface Budget {
  readonly perDaySat: bigint;
  readonly perChannelSat: bigint;
  /** On-chain balance that is never touched. */
  readonly reserveSat: bigint;
}

/** Money that was, is or may be spent: an opening whose outcome is unknown counts in full. */
export interface Spending {
  readonly amountSat: bigint;
  /** Guard time in ms; of one that is not settled, any time: it counts until it is. */
  readonly at: number;
  readonly settled: boolean;
}

/** What is asked; `amountSat` is capacity and the greatest fee together. */
export interface SpendingQuestion {
  readonly amountSat: bigint;
  readonly onChainSat: bigint;
  readonly approvedByPerson: boolean;
}

/** `propose`: put it to a person. `refuse`: not even a person's yes makes it fit. */
export type SpendingVerdict =
  | { readonly kind: 'allow' }
  | {
      readonly kind: 'propose';
      readonly code: 'advisor_mode' | 'over_channel_limit' | 'over_day_limit';
    }
  | { readonly kind: 'refuse'; readonly code: 'bad_amount' | 'under_reserve' };

/** What counts against the day at guard time `now`: the last 24 hours and all that is not settled. */
export function spentInSpan(spending: readonly Spending[], now: number): bigint {
  return spending
    .filter(({ at, settled }) => !settled || now - at < BUDGET_SPAN_MS)
    .reduce((sum, { amountSat }) => sum + amountSat, 0n);
}

/**
 * Whether an opening may be paid. A person may go beyond the limits for a day and a channel, which
 * bind the program, but not below the reserve.
 */
export function judgeSpending(
  mode: GovernanceMode,
  budget: Budget,
  spending: readonly Spending[],
  question: SpendingQuestion,
  now: number,
): SpendingVerdict {
  const { amountSat, onChainSat, approvedByPerson } = question;
  if (amountSat <= 0n) {
    return { kind: 'refuse', code: 'bad_amount' };
  }
  const promised = spending
    .filter(({ settled }) => !settled)
    .reduce((sum, one) => sum + one.amountSat, 0n);
  if (onChainSat - promised - amountSat < budget.reserveSat) {
    return { kind: 'refuse', code: 'under_reserve' };
  }
  if (approvedByPerson) {
    return { kind: 'allow' };
  }
  if (mode === 'advisor') {
    return { kind: 'propose', code: 'advisor_mode' };
  }
  if (amountSat > budget.perChannelSat) {
    return { kind: 'propose', code: 'over_channel_limit' };
  }
  return spentInSpan(spending, now) + amountSat > budget.perDaySat
    ? { kind: 'propose', code: 'over_day_limit' }
    : { kind: 'allow' };
}
