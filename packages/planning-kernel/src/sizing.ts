import type { PlannerConfig } from './config.ts';
import type { Share } from './fleet.ts';
import { CHANNEL_CAPACITY_SAT_MAX, PPM } from './limits.ts';
import { floorToStep, mulDivFloor } from './numbers.ts';

/** Everything that bounds a channel's size, sat. */
export interface SizeLimits {
  /** What brings the fleet to its target share; the largest channel where the share is unknown. */
  readonly shareGapSat: number;
  readonly maxChannelSat: number;
  /** The part of the member's idle funds that one channel may take, less the cost of opening. */
  readonly capitalSat: number;
  readonly budgetSat: number;
  /** Estimated cost of opening and closing on-chain. */
  readonly costSat: number;
  /** The smallest channel for which that cost is acceptable, or the smallest allowed. */
  readonly minSat: number;
}

/** A channel's size, or what makes it too small. */
export type Size =
  | {
      readonly ok: true;
      readonly quantitySat: number;
      readonly limitedBy: LimitName;
      readonly limits: SizeLimits;
    }
  | {
      readonly ok: false;
      readonly reason: 'share_gap_too_small' | 'capital_short' | 'budget_exhausted' | 'uneconomic';
      readonly limits: SizeLimits;
    };

type LimitName = 'shareGapSat' | 'maxChannelSat' | 'capitalSat' | 'budgetSat';

/** On-chain cost of opening and closing one channel at a fee rate in sat per 1,000 vbytes, rounded up. */
export function channelCostSat(config: PlannerConfig, perkb: number): number {
  return Math.floor((config.channelCostVbytes * perkb + 999) / 1_000);
}

/**
 * Sat that the fleet can add to a target until it holds `targetSharePpm` of it, what it adds included:
 * (share * public - fleet) / (1 - share), from 0.
 */
export function shareGapSat(config: PlannerConfig, share: Share): number {
  if (share.sharePpm === null) {
    return config.maxChannelSat;
  }
  const wanted = mulDivFloor(share.publicSat, config.targetSharePpm, PPM) - share.fleetSat;
  const left = PPM - config.targetSharePpm;
  return wanted <= 0 ? 0 : left === 0 ? CHANNEL_CAPACITY_SAT_MAX : mulDivFloor(wanted, PPM, left);
}

/**
 * The size of a channel to a target: the least of share gap, largest channel, the member's idle funds
 * and the budget, in whole steps, and refused where that is below the smallest channel or not worth
 * its on-chain cost. An unknown fee rate (undefined) counts as no cost here; the gate stops it.
 */
export function sizeChannel(
  config: PlannerConfig,
  share: Share,
  funds: {
    readonly idleSat: number;
    readonly budgetSat: number;
    readonly perkb: number | undefined;
  },
): Size {
  const costSat = channelCostSat(config, funds.perkb ?? 0);
  const economicSat =
    costSat === 0
      ? 0
      : config.maxCostPpm === 0
        ? Number.MAX_SAFE_INTEGER
        : Math.min(mulDivFloor(costSat, PPM, config.maxCostPpm) + 1, Number.MAX_SAFE_INTEGER);
  const limits: SizeLimits = {
    shareGapSat: shareGapSat(config, share),
    maxChannelSat: config.maxChannelSat,
    capitalSat: Math.max(0, mulDivFloor(funds.idleSat, config.capitalPerChannelPpm, PPM) - costSat),
    budgetSat: funds.budgetSat,
    costSat,
    minSat: Math.max(config.minChannelSat, economicSat),
  };
  const order: readonly LimitName[] = ['shareGapSat', 'maxChannelSat', 'capitalSat', 'budgetSat'];
  const limitedBy = order.reduce((least, name) => (limits[name] < limits[least] ? name : least));
  const quantitySat = floorToStep(limits[limitedBy], config.stepSat);
  if (quantitySat >= limits.minSat) {
    return { ok: true, quantitySat, limitedBy, limits };
  }
  // The smallest channel would fit everywhere: then it is the cost that rules it out.
  const economic = quantitySat >= config.minChannelSat;
  return { ok: false, reason: economic ? 'uneconomic' : REFUSALS[limitedBy], limits };
}

const REFUSALS = {
  shareGapSat: 'share_gap_too_small',
  maxChannelSat: 'uneconomic',
  capitalSat: 'capital_short',
  budgetSat: 'budget_exhausted',
} as const satisfies Readonly<Record<LimitName, string>>;
