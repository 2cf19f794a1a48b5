import type { JsonObject } from '@cl-hive/core';

/** Fee levels of the chain in satoshi per 1000 weight units, as an estimator would give them. */
export interface FeeTable {
  /** Lowest that is relayed. */
  readonly floorPerKw: number;
  /** By target in blocks, ascending. */
  readonly estimates: readonly (readonly [blocks: number, perKw: number])[];
}

/** What a quiet regtest node estimates. */
export const QUIET_FEES: FeeTable = {
  floorPerKw: 253,
  estimates: [
    [2, 253],
    [6, 253],
    [12, 253],
    [100, 253],
  ],
};

/** The estimate for a target of `blocks`. */
export function feeFor(table: FeeTable, blocks: number): number {
  const found = table.estimates.filter(([target]) => target <= blocks).at(-1);
  return Math.max(table.floorPerKw, (found ?? table.estimates[0])?.[1] ?? table.floorPerKw);
}

/** The answer of `feerates`; per 1000 bytes is four times that per 1000 weight, rounded up as there. */
export function renderFeerates(table: FeeTable, style: 'perkb' | 'perkw'): JsonObject {
  const scale = style === 'perkb' ? 4 : 1;
  const opening = feeFor(table, 12);
  const estimates = table.estimates.map(([blockcount, perKw]) => ({
    blockcount,
    feerate: perKw * scale,
    smoothed_feerate: perKw * scale,
  }));
  const highest = Math.max(...table.estimates.map(([, perKw]) => perKw));
  const sats = (weight: number, perKw: number): number => Math.floor((weight * perKw) / 1000);
  return {
    [style]: {
      opening: opening * scale,
      mutual_close: feeFor(table, 100) * scale,
      unilateral_close: feeFor(table, 6) * scale,
      unilateral_anchor_close: Math.max(1250, feeFor(table, 100)) * scale,
      penalty: feeFor(table, 12) * scale,
      splice: Math.floor((opening * 102) / 100) * scale,
      min_acceptable: table.floorPerKw * scale,
      max_acceptable: highest * 10 * scale,
      floor: table.floorPerKw * scale,
      estimates,
    },
    onchain_fee_estimates: {
      opening_channel_satoshis: sats(702, opening),
      mutual_close_satoshis: sats(673, feeFor(table, 100)),
      unilateral_close_satoshis: sats(1112, Math.max(1250, feeFor(table, 6))),
      unilateral_close_nonanchor_satoshis: sats(598, feeFor(table, 6)),
      htlc_timeout_satoshis: sats(663, feeFor(table, 6)),
      htlc_success_satoshis: sats(703, feeFor(table, 6)),
    },
  };
}
