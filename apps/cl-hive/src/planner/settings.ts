import { option } from '@cl-hive/cln-plugin';

/** By which path orders are carried out. */
const EXECUTIONS = ['advisor', 'live', 'shadow'] as const;
export type Execution = (typeof EXECUTIONS)[number];

/** The planner's options; names and units of the original where it has them. */
export const PLANNER_OPTIONS = {
  'hive-planner-execution': option.oneOf(EXECUTIONS, {
    description:
      'how planned openings are carried out: advisor (a person approves each), live (what the limits allow), shadow (advisor, and differences to live are logged)',
    default: 'advisor',
    dynamic: true,
  }),
  'hive-planner-interval': option.int({
    description: 'seconds between two planning cycles, give or take a tenth',
    default: 3600,
    min: 300,
    max: 86_400,
    dynamic: true,
  }),
  'hive-planner-enable-expansions': option.bool({
    description:
      'whether the planner may propose channels, until hive-enable-expansions says otherwise',
    default: false,
    dynamic: true,
  }),
  'hive-planner-min-channel-sats': option.int({
    description: 'smallest channel that the planner proposes, sat',
    default: 1_000_000,
    min: 100_000,
    max: 100_000_000,
    dynamic: true,
  }),
  'hive-planner-max-channel-sats': option.int({
    description: 'largest channel that the planner proposes, sat',
    default: 50_000_000,
    min: 1_000_000,
    max: 1_000_000_000,
    dynamic: true,
  }),
  'hive-market-share-cap': option.string({
    description: 'part of a node’s public capacity from which the fleet leaves it alone, 0.01 to 1',
    default: '0.20',
    dynamic: true,
    validate: (text) =>
      sharePpm(text) === undefined ? 'it is a decimal number from 0.01 to 1' : undefined,
  }),
  'hive-max-expansion-feerate': option.int({
    description: 'openings wait while the opening fee rate is above this, sat per 1,000 vbytes',
    default: 5000,
    min: 250,
    max: 1_000_000,
    dynamic: true,
  }),
} as const;

/**
 * How reach is measured: by a payment that needs good channels, with what failing costs, over twice the
 * kernel's candidates. With these a day's openings carry a sample of payments cheaper than as many to
 * the biggest nodes (`sim/day.mjs`).
 */
const REACH = {
  paymentSat: 500_000,
  maxPaymentCostMsat: 2_500_000,
  riskPpm: 4_000,
  centralityCandidates: 64,
} as const;

/** What the operator set. */
export interface PlannerSettings {
  readonly execution: Execution;
  readonly intervalMs: number;
  /** Where `hive-enable-expansions` never said anything. */
  readonly expansionsByDefault: boolean;
  /** Settings of the kernel that differ from its own defaults. */
  readonly config: Readonly<Record<string, number>>;
}

/** A share written as a decimal number, in ppm; undefined where it is none from 0.01 to 1. */
export function sharePpm(text: string): number | undefined {
  const match = /^(0|1)(?:\.(\d{1,6}))?$/.exec(text.trim());
  const ppm =
    match === null ? -1 : Number(match[1]) * 1_000_000 + Number((match[2] ?? '').padEnd(6, '0'));
  return ppm >= 10_000 && ppm <= 1_000_000 ? ppm : undefined;
}

/** The share of a node's public capacity from which it is left alone, 0.01 to 1. */
export function marketShareCap({ config }: PlannerSettings): number {
  return (config['saturatedPpm'] ?? 0) / 1_000_000;
}

/** Reads the options as they are now. */
export function plannerSettings(values: Readonly<Record<string, unknown>>): PlannerSettings {
  const cap = sharePpm(String(values['hive-market-share-cap'])) ?? 200_000;
  const least = Number(values['hive-planner-min-channel-sats']);
  return {
    execution: EXECUTIONS.find((name) => name === values['hive-planner-execution']) ?? 'advisor',
    intervalMs: Number(values['hive-planner-interval']) * 1000,
    expansionsByDefault: values['hive-planner-enable-expansions'] === true,
    config: {
      ...REACH,
      saturatedPpm: cap,
      // Released, aimed at and underserved keep the places that they have below a cap of 20 %.
      releasedPpm: Math.floor((cap * 3) / 4),
      targetSharePpm: Math.floor(cap / 2),
      underservedPpm: Math.floor(cap / 4),
      minChannelSat: least,
      // Two options cannot contradict each other at a start: the larger bound gives way.
      maxChannelSat: Math.max(least, Number(values['hive-planner-max-channel-sats'])),
      maxOpeningPerkb: Number(values['hive-max-expansion-feerate']),
    },
  };
}
