import { type Msat, satToMsat } from '@cl-hive/core';
import type { PayMethod } from '../orders/order.ts';
import type { QuietHours } from './quiet-hours.ts';

/** A bound, or the word that says that there is none; 0 means none at all, never "no bound". */
export type Limit<T> = T | 'unlimited';

/** From an amount on, an hour's spending counts as at least this dangerous. */
export interface AmountStep {
  /** More than this within an hour, the action itself included. */
  readonly aboveMsat: Msat;
  /** 1 to 10. */
  readonly danger: number;
}

/** All that a policy sets; a preset fills it, overrides change single members for a while. */
export interface PolicyRules {
  /** Up to this danger an action needs no person, 0 to 10. */
  readonly autoDangerMax: number;
  /** Above this danger an action is refused, a person cannot approve it; `autoDangerMax` to 10. */
  readonly dangerMax: number;
  /** Actions, written `schema action`, that always need a person. */
  readonly alwaysApprove: ReadonlySet<string>;
  /** Schemas that nobody may use. */
  readonly blockedSchemas: ReadonlySet<string>;
  /** Actions other than reads, of all advisors together. */
  readonly actionsPerHour: Limit<number>;
  readonly actionsPerDay: Limit<number>;
  /** A larger change of a fee rate needs a person, in ppm. */
  readonly feeChangePpmMax: Limit<number>;
  /** Closing more than this share of the node's capacity within the window needs a person. */
  readonly closeSharePpm: number;
  readonly closeWindowHours: number;
  /** Spending with fees in any rolling hour and day, of all advisors together. */
  readonly spendPerHourMsat: Limit<Msat>;
  readonly spendPerDayMsat: Limit<Msat>;
  /** The same of one action or order, and in any rolling week. */
  readonly spendPerActionMsat: Limit<Msat>;
  readonly spendPerWeekMsat: Limit<Msat>;
  /** Spending with fees of one advisor in any rolling day. */
  readonly spendPerAdvisorDayMsat: Limit<Msat>;
  /** Spending with fees in any rolling day for one purpose; purposes that are not named have no own limit. */
  readonly purposePerDayMsat: ReadonlyMap<string, Msat>;
  /** How the operator's orders are paid, most liked first; others are not used. Undefined: as the case asks. */
  readonly payMethods: readonly PayMethod[] | undefined;
  /** Ascending. */
  readonly amountSteps: readonly AmountStep[];
  readonly quietHours: QuietHours | undefined;
}

/** The names of the presets, from careful to bold. */
export const PRESET_NAMES = ['conservative', 'moderate', 'aggressive'] as const;

/** The name of a preset. */
export type PresetName = (typeof PRESET_NAMES)[number];

const sat = (amount: number): Msat => satToMsat(amount);

/**
 * The presets. Each allows what the one before it allows. Even the boldest lets nothing of danger 8
 * or more happen without a person, and what {@link HARD_PERSON} names is beyond all of them.
 */
export const PRESETS: Readonly<Record<PresetName, PolicyRules>> = {
  conservative: {
    autoDangerMax: 2,
    dangerMax: 8,
    alwaysApprove: new Set(),
    blockedSchemas: new Set(),
    actionsPerHour: 10,
    actionsPerDay: 50,
    feeChangePpmMax: 250,
    closeSharePpm: 0,
    closeWindowHours: 168,
    spendPerHourMsat: sat(10_000),
    spendPerDayMsat: sat(50_000),
    spendPerActionMsat: sat(10_000),
    spendPerWeekMsat: sat(200_000),
    spendPerAdvisorDayMsat: sat(25_000),
    purposePerDayMsat: new Map(),
    payMethods: undefined,
    amountSteps: [
      { aboveMsat: sat(1_000), danger: 5 },
      { aboveMsat: sat(10_000), danger: 6 },
      { aboveMsat: sat(100_000), danger: 8 },
    ],
    quietHours: undefined,
  },
  moderate: {
    autoDangerMax: 5,
    dangerMax: 9,
    alwaysApprove: new Set(),
    blockedSchemas: new Set(),
    actionsPerHour: 60,
    actionsPerDay: 500,
    feeChangePpmMax: 1_000,
    closeSharePpm: 50_000,
    closeWindowHours: 168,
    spendPerHourMsat: sat(100_000),
    spendPerDayMsat: sat(500_000),
    spendPerActionMsat: sat(100_000),
    spendPerWeekMsat: sat(2_000_000),
    spendPerAdvisorDayMsat: sat(250_000),
    purposePerDayMsat: new Map(),
    payMethods: undefined,
    amountSteps: [
      { aboveMsat: sat(10_000), danger: 5 },
      { aboveMsat: sat(100_000), danger: 6 },
      { aboveMsat: sat(1_000_000), danger: 8 },
    ],
    quietHours: undefined,
  },
  aggressive: {
    autoDangerMax: 7,
    dangerMax: 10,
    alwaysApprove: new Set(),
    blockedSchemas: new Set(),
    actionsPerHour: 300,
    actionsPerDay: 3_000,
    feeChangePpmMax: 5_000,
    closeSharePpm: 100_000,
    closeWindowHours: 168,
    spendPerHourMsat: sat(1_000_000),
    spendPerDayMsat: sat(5_000_000),
    spendPerActionMsat: sat(1_000_000),
    spendPerWeekMsat: sat(20_000_000),
    spendPerAdvisorDayMsat: sat(2_500_000),
    purposePerDayMsat: new Map(),
    payMethods: undefined,
    amountSteps: [
      { aboveMsat: sat(100_000), danger: 5 },
      { aboveMsat: sat(1_000_000), danger: 7 },
      { aboveMsat: sat(10_000_000), danger: 8 },
    ],
    quietHours: undefined,
  },
};

/** From this danger on a person decides, whatever a preset or override says. */
export const HARD_PERSON_DANGER = 8;

/** Actions that a person decides whatever a preset or override says: they change what holds the rest. */
export const HARD_PERSON: ReadonlySet<string> = new Set([
  'hive:backup/v1 restore',
  'hive:channel/v1 close_all',
  'hive:channel/v1 close_force',
  'hive:config/v1 set_config',
  'hive:emergency/v1 emergency_close_all',
  'hive:emergency/v1 stop_node',
  'hive:plugin/v1 start_plugin',
  'hive:plugin/v1 stop_plugin',
]);

/** Options and plugins that no advisor touches, not even with a person's approval: they are its limits. */
export const SELF_PROTECTED = /^(?:cl-)?hive(?:[-._]|$)/i;
