import { CodedError } from '@cl-hive/core';
import { AMOUNT_SAT_MAX, CHANNEL_CAPACITY_SAT_MAX, PPM } from './limits.ts';

/** A setting's default, least and greatest value; all integers. */
interface Bounds {
  readonly value: number;
  readonly min: number;
  readonly max: number;
}

const ppm = (value: number): Bounds => ({ value, min: 0, max: PPM });
const sat = (value: number, min = 0): Bounds => ({ value, min, max: AMOUNT_SAT_MAX });
const count = (value: number, max: number, min = 0): Bounds => ({ value, min, max });
const HOUR_MS = 3_600_000;

/** Every setting of the planner. Names carry their unit; each may be absent from a snapshot. */
export const SETTINGS = {
  /** Targets with less public capacity are too small to matter, sat. */
  targetMinCapacitySat: sat(100_000_000),
  /** Targets with fewer public channels are too poorly connected. */
  targetMinChannels: count(5, 100_000),
  /** The fleet's share in a target's capacity from which it is saturated. */
  saturatedPpm: ppm(200_000),
  /** A saturated target is released when the share falls below this. */
  releasedPpm: ppm(150_000),
  /** Targets in which the fleet holds less than this are underserved. */
  underservedPpm: ppm(50_000),
  /** Share that a new channel aims at. */
  targetSharePpm: ppm(100_000),
  /** Targets that become saturated, and ignores per member, at most in one cycle. */
  guardNewMax: count(5, 1_000),
  /** More newly saturated targets than this in one cycle are taken for broken data. */
  massSaturationMax: count(10, 100_000),
  /** Openings of the expansion strategy per cycle. */
  expansionsPerCycle: count(1, 100),
  /** Smallest and largest channel, sat. */
  minChannelSat: sat(1_000_000, 1),
  maxChannelSat: { value: 50_000_000, min: 1, max: CHANNEL_CAPACITY_SAT_MAX },
  /** Amounts of orders are whole multiples of this, sat. */
  stepSat: sat(10_000, 1),
  /** On-chain funds that a member keeps: the greater of the two. */
  reserveSat: sat(1_000_000),
  reservePpm: ppm(200_000),
  /** Part of a member's idle funds that one channel takes at most. */
  capitalPerChannelPpm: ppm(500_000),
  /** Opening at a higher fee rate waits, sat per 1,000 vbytes as lightningd's `perkb`. */
  maxOpeningPerkb: count(5_000, 100_000_000),
  /** Virtual size of an opening and a closing transaction together. */
  channelCostVbytes: count(400, 100_000),
  /** On-chain costs may be at most this part of a channel. */
  maxCostPpm: ppm(5_000),
  /** Wait after a refusal; doubles with each further one up to the longest, ms. */
  coolDownMs: count(24 * HOUR_MS, 365 * 24 * HOUR_MS),
  coolDownMaxMs: count(30 * 24 * HOUR_MS, 365 * 24 * HOUR_MS),
  /** Targets whose reach is computed: the best by all other marks. */
  centralityCandidates: count(32, 1_000),
  /** A neighbour over which more of the fleet's reach leads than this is a bottleneck. */
  bottleneckPpm: ppm(250_000),
  /** Payment by which reach is measured, sat; what a hop adds and where cost ends, msat. */
  paymentSat: { value: 100_000, min: 1, max: 100_000_000 },
  hopMsat: count(1_000, 1_000_000, 1),
  maxPaymentCostMsat: count(500_000, 1_000_000_000, 1),
  /** What a failed attempt is worth to a sender, ppm of the payment; counted from flag 3 on. */
  riskPpm: { value: 1_000, min: 0, max: 100_000 },
  /** Weights of the marks of a target. */
  weightCapacity: count(20, 1_000),
  weightConnectivity: count(15, 1_000),
  weightCompetition: count(10, 1_000),
  weightQuality: count(15, 1_000),
  weightCentrality: count(30, 1_000),
  weightBottleneck: count(10, 1_000),
  /** Members that were up for less do not open. */
  minUptimePpm: ppm(900_000),
  /** A member with this many openings under way does not open. */
  maxPendingPerMember: count(1, 1_000, 1),
  /** Orders with the same content within as many blocks are the same order. */
  orderWindowBlocks: count(144, 100_000, 1),
} as const satisfies Readonly<Record<string, Bounds>>;

/** Name of a setting. */
export type SettingName = keyof typeof SETTINGS;

/** The planner's settings, all integers. */
export type PlannerConfig = Readonly<Record<SettingName, number>>;

/** The settings as they are where nothing is configured. */
export const DEFAULT_CONFIG: PlannerConfig = Object.fromEntries(
  Object.entries(SETTINGS).map(([name, bounds]) => [name, bounds.value]),
) as Record<SettingName, number>;

/**
 * Reads settings; absent ones get their default. Throws CodedError `bad_config` for an unknown name, a
 * value out of range, and settings that contradict each other: planning with a guess would spend money.
 */
export function readConfig(input: unknown): PlannerConfig {
  if (input === undefined) {
    return DEFAULT_CONFIG;
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw refusal('config', 'the settings are an object');
  }
  const config: Record<SettingName, number> = { ...DEFAULT_CONFIG };
  for (const [name, value] of Object.entries(input as Readonly<Record<string, unknown>>)) {
    if (!Object.hasOwn(SETTINGS, name)) {
      throw refusal(name, `there is no setting ${name.slice(0, 60)}`);
    }
    const { min, max } = SETTINGS[name as SettingName];
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) {
      throw refusal(name, `${name} is an integer from ${min} to ${max}`);
    }
    config[name as SettingName] = value;
  }
  const ordered: readonly (readonly [SettingName, SettingName])[] = [
    ['releasedPpm', 'saturatedPpm'],
    ['targetSharePpm', 'saturatedPpm'],
    ['minChannelSat', 'maxChannelSat'],
    ['stepSat', 'minChannelSat'],
    ['coolDownMs', 'coolDownMaxMs'],
  ];
  for (const [less, more] of ordered) {
    if (config[less] > config[more]) {
      throw refusal(less, `${less} (${config[less]}) is above ${more} (${config[more]})`);
    }
  }
  return config;
}

function refusal(setting: string, message: string): CodedError {
  return new CodedError('bad_config', message, {
    data: { setting },
    remedy: 'correct the setting, or leave it out for its default',
  });
}
