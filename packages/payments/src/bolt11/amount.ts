import { MSAT_MAX, type Msat } from '@cl-hive/core';

/** Millisatoshi in one unit of each multiplier, as a fraction: 1 btc is 10^11 msat (BOLT 11). */
const MULTIPLIERS = new Map<string, readonly [numerator: bigint, divisor: bigint]>([
  ['', [100_000_000_000n, 1n]],
  ['m', [100_000_000n, 1n]],
  ['u', [100_000n, 1n]],
  ['n', [100n, 1n]],
  ['p', [1n, 10n]],
]);

/**
 * The amount in the human-readable part of an invoice (`2500u`), in msat. Undefined for what is no
 * amount: leading zeros, another multiplier, a part of a millisatoshi, more than 2^64 - 1 msat.
 */
export function readAmount(text: string): Msat | undefined {
  const match = /^([1-9]\d{0,19})([munp]?)$/.exec(text);
  const multiplier = MULTIPLIERS.get(match?.[2] ?? 'none');
  if (match === null || multiplier === undefined) {
    return undefined;
  }
  const scaled = BigInt(match[1] ?? '0') * multiplier[0];
  const amount = scaled / multiplier[1];
  return scaled % multiplier[1] !== 0n || amount > MSAT_MAX ? undefined : (amount as Msat);
}
