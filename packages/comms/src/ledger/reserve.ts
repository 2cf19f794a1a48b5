import type { Msat } from '@cl-hive/core';
import type { CapUse } from './cap.ts';

/** Whether an amount fits under every cap; if not, the first that it breaks. */
export type ReserveVerdict =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly setting: string;
      readonly capMsat: Msat;
      readonly usedMsat: Msat;
      readonly wantedMsat: Msat;
    };

/**
 * Decides whether `amountMsat` with its highest fee may be reserved. The uses must be read in the
 * transaction that stores the reservation. What moves nothing fits always.
 */
export function judgeReserve(
  amountMsat: Msat,
  feeMsat: Msat,
  uses: readonly CapUse[],
): ReserveVerdict {
  const wantedMsat = (amountMsat + feeMsat) as Msat;
  for (const { cap, usedMsat } of uses) {
    if (wantedMsat > 0n && usedMsat + wantedMsat > cap.capMsat) {
      const { setting, capMsat } = cap;
      return { ok: false, setting, capMsat, usedMsat, wantedMsat };
    }
  }
  return { ok: true };
}
