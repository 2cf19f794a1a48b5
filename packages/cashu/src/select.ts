import type { Msat } from '@cl-hive/core';
import { cashuError } from './errors.ts';
import { inputFee, type Keyset } from './keyset.ts';
import { CASHU_LIMITS } from './limits.ts';
import { worthOf } from './proof.ts';

/** What selection looks at. */
interface Coin {
  readonly keyset: string;
  readonly amountMsat: Msat;
  /** Their order among equals, so that the choice is the same each time. */
  readonly point: string;
}

/**
 * Proofs that cover `amountMsat` and the mint's fee for spending them: those of keysets that are out of
 * use first, then the largest; few inputs are cheap. Throws `balance` with what can be had at most.
 */
export function selectProofs<C extends Coin>(
  coins: readonly C[],
  amountMsat: Msat,
  keysets: ReadonlyMap<string, Keyset>,
): { readonly chosen: readonly C[]; readonly feeMsat: Msat } {
  const stale = (coin: C): number => (keysets.get(coin.keyset)?.active === false ? 0 : 1);
  const order = coins
    .filter(({ keyset }) => keysets.has(keyset))
    .sort(
      (a, b) =>
        stale(a) - stale(b) || Number(b.amountMsat - a.amountMsat) || (a.point < b.point ? -1 : 1),
    );
  const chosen: C[] = [];
  for (const coin of order.slice(0, CASHU_LIMITS.inputs)) {
    chosen.push(coin);
    const feeMsat = inputFee(chosen, keysets);
    if (worthOf(chosen) >= amountMsat + feeMsat) {
      return { chosen, feeMsat };
    }
  }
  const most = worthOf(chosen) - (chosen.length === 0 ? 0n : inputFee(chosen, keysets));
  throw cashuError(
    'balance',
    `this mint holds ${most < 0n ? 0n : most} msat after its fee, ${amountMsat} msat are needed`,
    'buy more with hive-client-wallet action=mint, or name a smaller amount',
  );
}
