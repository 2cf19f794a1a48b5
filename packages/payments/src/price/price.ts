import { type Msat, msat, type Ppm } from '@cl-hive/core';

/** How well a sender is known, from least to most; who is not known is a newcomer. */
export const REPUTATIONS = ['newcomer', 'recognized', 'trusted', 'senior'] as const;

/** How well a sender is known. */
export type Reputation = (typeof REPUTATIONS)[number];

/** What is asked for an action: by its danger, and a share of that by the sender's reputation. */
export interface PriceList {
  /** Msat for danger 1 to 10, in this order. */
  readonly byDanger: readonly Msat[];
  /** Share of that price, in ppm. */
  readonly shares: Readonly<Record<Reputation, Ppm>>;
}

const SATS = [0, 5, 10, 20, 37, 75, 175, 375, 625, 875] as const;

/** The original's prices: reads are free, and who is known pays less. */
export const SUGGESTED_PRICES: PriceList = {
  byDanger: SATS.map((sats) => msat(sats * 1000)),
  shares: {
    newcomer: 1_500_000 as Ppm,
    recognized: 1_000_000 as Ppm,
    trusted: 750_000 as Ppm,
    senior: 500_000 as Ppm,
  },
};

const HOUR = 3600;
const WINDOWS = [1, 1, 2, 6, 6, 24, 24, 72, 72, 96] as const;

/** `danger` as an index of a table by danger. Throws RangeError outside 1 to 10. */
function place(danger: number): number {
  if (!Number.isInteger(danger) || danger < 1 || danger > 10) {
    throw new RangeError(`${danger} is not a danger from 1 to 10`);
  }
  return danger - 1;
}

/** What an action of `danger` (1 to 10) costs that sender, in msat, rounded up to whole sats. */
export function priceSatCeil(list: PriceList, danger: number, reputation: Reputation): Msat {
  const scaled = (list.byDanger[place(danger)] ?? 0n) * BigInt(list.shares[reputation]);
  const perSat = 1_000_000n * 1000n;
  return msat(((scaled + perSat - 1n) / perSat) * 1000n);
}

/** How long an escrow for an action of `danger` (1 to 10) stays locked, in seconds. */
export function escrowSeconds(danger: number): number {
  return (WINDOWS[place(danger)] ?? 0) * HOUR;
}
