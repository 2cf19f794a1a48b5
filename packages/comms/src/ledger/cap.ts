import type { Msat } from '@cl-hive/core';
import type { PolicyRules } from '../policy/rules.ts';
import type { LedgerPower, PaymentNote } from './entry.ts';

/** A cap on what one scope uses of one power within a rolling window. */
export interface Cap {
  /** Which setting it is, for the refusal. */
  readonly setting: string;
  /** A principal's id, or undefined for the whole node. */
  readonly principal: string | undefined;
  readonly power: LedgerPower;
  /** Only what is paid for this counts; undefined for all. */
  readonly purpose?: string;
  /** Length in ms of guard time; 0 for a cap on each action by itself. */
  readonly windowMs: number;
  readonly capMsat: Msat;
}

/** A cap with what already counts against it: settled, reserved and unknown, in msat. */
export interface CapUse {
  readonly cap: Cap;
  readonly usedMsat: Msat;
}

/** One hour and one day in ms. */
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** One week in ms. */
export const WEEK_MS = 7 * DAY_MS;

/**
 * The caps that a policy sets: for the whole node, and for the advisor where one is given. The operator
 * is no advisor.
 */
export function policyCaps(rules: PolicyRules, advisor?: string): readonly Cap[] {
  const caps: Cap[] = [];
  const add = (
    setting: string,
    windowMs: number,
    most: Msat | 'unlimited',
    scope: { readonly principal?: string; readonly purpose?: string } = {},
  ): void => {
    if (most !== 'unlimited') {
      caps.push({
        setting,
        principal: undefined,
        power: 'spend',
        windowMs,
        capMsat: most,
        ...scope,
      });
    }
  };
  add('spend_per_action_msat', 0, rules.spendPerActionMsat);
  add('spend_per_hour_msat', HOUR_MS, rules.spendPerHourMsat);
  add('spend_per_day_msat', DAY_MS, rules.spendPerDayMsat);
  add('spend_per_week_msat', WEEK_MS, rules.spendPerWeekMsat);
  if (advisor !== undefined) {
    const scope = { principal: advisor };
    add('spend_per_advisor_day_msat', DAY_MS, rules.spendPerAdvisorDayMsat, scope);
  }
  for (const [purpose, most] of rules.purposePerDayMsat) {
    add('purpose_per_day_msat', DAY_MS, most, { purpose });
  }
  return caps;
}

/** Whether an entry or a reservation is within a cap's scope. */
export function capCovers(
  cap: Cap,
  entry: {
    readonly principal: string;
    readonly power: LedgerPower;
    readonly payment: PaymentNote | undefined;
  },
): boolean {
  return (
    cap.power === entry.power &&
    (cap.principal === undefined || cap.principal === entry.principal) &&
    (cap.purpose === undefined || cap.purpose === entry.payment?.purpose)
  );
}
