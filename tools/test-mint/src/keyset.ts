import { bytesToHex, hexToBytes } from '@cl-hive/core';
import { digest, keyFrom } from './curve.ts';

/** What a keyset is made of. */
export interface KeysetOptions {
  readonly name: string;
  readonly unit?: string;
  /** Fee for each input, in thousandths of the unit. */
  readonly feePpk?: number;
  /** Unix seconds; absent: none. */
  readonly finalExpiry?: number;
  /** Version of the id (NUT-02): 0 or 1. */
  readonly version?: 0 | 1;
  /** Number of powers of two, from 1. */
  readonly heights?: number;
}

/** Keys for the powers of two of a unit. */
export class MintKeyset {
  readonly id: string;
  readonly unit: string;
  readonly feePpk: number;
  readonly finalExpiry: number | undefined;
  readonly publicKeys: Readonly<Record<string, string>>;
  readonly #secrets = new Map<number, bigint>();
  active = true;

  constructor({
    name,
    unit = 'sat',
    feePpk = 0,
    finalExpiry,
    version = 0,
    heights = 24,
  }: KeysetOptions) {
    this.unit = unit;
    this.feePpk = feePpk;
    this.finalExpiry = finalExpiry;
    const keys: [number, string][] = [];
    for (let height = 0; height < heights; height += 1) {
      const { secret, publicKey } = keyFrom(`${name}/${height}`);
      this.#secrets.set(2 ** height, secret);
      keys.push([2 ** height, publicKey]);
    }
    this.publicKeys = Object.fromEntries(keys);
    this.id = version === 0 ? idV1(keys) : idV2(keys, { unit, feePpk, finalExpiry });
  }

  secretFor(amount: number): bigint | undefined {
    return this.#secrets.get(amount);
  }
}

function idV1(keys: readonly (readonly [number, string])[]): string {
  const bytes = Uint8Array.from(keys.flatMap(([, key]) => [...hexToBytes(key)]));
  return `00${bytesToHex(digest(bytes)).slice(0, 14)}`;
}

function idV2(
  keys: readonly (readonly [number, string])[],
  of: { readonly unit: string; readonly feePpk: number; readonly finalExpiry: number | undefined },
): string {
  const list = keys.map(([amount, key]) => `${amount}:${key}`).join(',');
  const fee = of.feePpk === 0 ? '' : `|input_fee_ppk:${of.feePpk}`;
  const expiry = of.finalExpiry === undefined ? '' : `|final_expiry:${of.finalExpiry}`;
  return `01${bytesToHex(digest(`${list}|unit:${of.unit}${fee}${expiry}`))}`;
}
