import { Keyset as LibraryKeyset } from '@cashu/cashu-ts';
import { type Msat, satToMsat } from '@cl-hive/core';
import { cashuError } from './errors.ts';
import { CASHU_LIMITS } from './limits.ts';

/** The public keys under which a mint signs (NUT-01, NUT-02). */
export interface Keyset {
  readonly id: string;
  readonly unit: string;
  /** Public keys by amount in sat. */
  readonly keys: Readonly<Record<string, string>>;
  /** Fee for each input, in thousandths of a sat. */
  readonly feePpk: number;
  /** Unix seconds from which the mint owes nothing for it; undefined: never. */
  readonly finalExpiryS: number | undefined;
  /** Whether new proofs are made with it. */
  readonly active: boolean;
}

/** Throws `keyset_unusable` unless the id is that of these keys, and all are within bounds. */
export function checkKeyset({ id, unit, keys, feePpk, finalExpiryS }: Keyset): void {
  const whole = {
    id,
    unit,
    keys,
    input_fee_ppk: feePpk,
    ...(finalExpiryS === undefined ? {} : { final_expiry: finalExpiryS }),
  };
  const version = /^(?:00[0-9a-f]{14}|01[0-9a-f]{64})$/.test(id);
  const powers = Object.keys(keys).every((amount) => {
    const value = /^\d{1,19}$/.test(amount) ? BigInt(amount) : 0n;
    return value > 0n && (value & (value - 1n)) === 0n;
  });
  if (!version || !powers || feePpk > CASHU_LIMITS.feePpk || !LibraryKeyset.verifyKeysetId(whole)) {
    throw cashuError(
      'keyset_unusable',
      `the keyset ${JSON.stringify(id.slice(0, 66))} is not what its id says, or asks too much`,
      'use another mint',
    );
  }
}

/** The keyset for new proofs: active, not near its end at `nowS`, the cheapest; undefined: none. */
export function chooseKeyset(keysets: readonly Keyset[], nowS: number): Keyset | undefined {
  return keysets
    .filter(({ active, unit }) => active && unit === 'sat')
    .filter(({ finalExpiryS: end }) => end === undefined || end > nowS + CASHU_LIMITS.keysetMarginS)
    .sort((a, b) => a.feePpk - b.feePpk || (a.id < b.id ? -1 : 1))[0];
}

/** What a mint takes for these inputs (NUT-02). Throws `keyset_unusable` for an unknown keyset. */
export function inputFee(
  inputs: readonly { readonly keyset: string }[],
  keysets: ReadonlyMap<string, Keyset>,
): Msat {
  let ppk = 0n;
  for (const { keyset } of inputs) {
    const known = keysets.get(keyset);
    if (known === undefined) {
      throw cashuError(
        'keyset_unusable',
        `keyset ${keyset.slice(0, 66)} is not known`,
        'try again',
      );
    }
    ppk += BigInt(known.feePpk);
  }
  return satToMsat((ppk + 999n) / 1000n);
}

/** The amounts of a keyset whose sum is `amountMsat`, largest first. Throws `amount`. */
export function splitAmount(amountMsat: Msat, { keys }: Keyset): readonly Msat[] {
  const sizes = Object.keys(keys)
    .map((amount) => BigInt(amount) * 1000n)
    .sort((a, b) => (a < b ? 1 : -1));
  const parts: Msat[] = [];
  let rest: bigint = amountMsat;
  for (const size of sizes) {
    while (rest >= size && parts.length < CASHU_LIMITS.inputs) {
      parts.push(size as Msat);
      rest -= size;
    }
  }
  if (rest !== 0n) {
    throw cashuError(
      'amount',
      `${amountMsat} msat cannot be made of the mint's amounts`,
      'use whole sats, or a smaller amount',
    );
  }
  return parts;
}
