import type { Msat } from '@cl-hive/core';
import type { PolicyRules } from '../policy/rules.ts';
import type { LedgerPower } from './entry.ts';

/** A cap on what one scope uses of one power within a rolling window. */
export interface Cap {
  /** Which setting it is, for the refusal. */
  readonly setting: string;
  /** A principal's id, or undefined for the whole node. */
  readonly principal: string | undefined;
  readonly power: LedgerPower;
  /** Length in ms of guard time. */
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

/** The caps that a policy sets for the whole node. */
export function policyCaps(rules: PolicyRules): readonly Cap[] {
  const caps: Cap[] = [];
  const add = (setting: string, windowMs: number, most: Msat | 'unlimited'): void => {
    if (most !== 'unlimited') {
      caps.push({ setting, principal: undefined, power: 'spend', windowMs, capMsat: most });
    }
  };
  add('spend_per_hour_msat', HOUR_MS, rules.spendPerHourMsat);
  add('spend_per_day_msat', DAY_MS, rules.spendPerDayMsat);
  return caps;
}
