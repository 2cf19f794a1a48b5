import { type Msat, msat, mulPpmFloor, ppm } from '@cl-hive/core';
import { KEYSEND_FEE } from '../actions/limits.ts';

/** The highest fee of a payment over Lightning: what was asked for, else one percent, at least 5 sat. */
export function feeBound(amountMsat: Msat, asked: Msat | undefined): Msat {
  const share = mulPpmFloor(amountMsat, ppm(KEYSEND_FEE.ppm));
  return asked ?? (share > KEYSEND_FEE.leastMsat ? share : msat(KEYSEND_FEE.leastMsat));
}
