import type { Budget, GovernanceMode } from '@cl-hive/hive';

/** What the node's owner allows, as options and `hive-set-mode` have it at the moment. */
export interface OpeningSettings {
  readonly mode: GovernanceMode;
  /** `hive-failsafe-budget-per-day`, sat; 0: nothing goes without a person. */
  readonly perDaySat: bigint;
  /** `hive-budget-max-per-channel-pct`, parts per million of the day's budget. */
  readonly perChannelPpm: number;
  /** `hive-budget-reserve-pct`, parts per million of what is on chain. */
  readonly reservePpm: number;
  /** `hive-lock-liars`: how many lying members an opening of this node withstands, 0 or 1. */
  readonly liars: number;
}

const share = (amount: bigint, ppm: number): bigint => (amount * BigInt(ppm)) / 1_000_000n;

/** The limits in satoshi, where `onChainSat` is on chain. */
export function budgetOf(settings: OpeningSettings, onChainSat: bigint): Budget {
  const { perDaySat, perChannelPpm, reservePpm } = settings;
  return {
    perDaySat,
    perChannelSat: share(perDaySat, perChannelPpm),
    reserveSat: share(onChainSat, reservePpm),
  };
}
