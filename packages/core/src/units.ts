declare const brand: unique symbol;

/** A nominal type: a `Base` that was checked to be a `Name`. */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

/** Millisatoshi, 0 to 2^64 - 1; the unit of every amount inside (Core Lightning's u64 `msat`). */
export type Msat = Brand<bigint, 'Msat'>;

/** Parts per million, an integer; the unit of every ratio and fee rate. */
export type Ppm = Brand<number, 'Ppm'>;

/** Milliseconds since 1970-01-01T00:00:00Z, an integer. */
export type UnixMs = Brand<number, 'UnixMs'>;

const U64_MAX = (1n << 64n) - 1n;

/** Largest value of {@link Msat} (u64). */
export const MSAT_MAX = U64_MAX as Msat;

/** Checks an amount in millisatoshi. Throws RangeError outside 0 to 2^64 - 1. */
export function msat(value: bigint | number): Msat {
  const amount = typeof value === 'bigint' ? value : BigInt(value);
  if (amount < 0n || amount > U64_MAX) {
    throw new RangeError(`${amount} msat is outside 0 to 2^64 - 1`);
  }
  return amount as Msat;
}

/** The millisatoshi of a whole number of satoshi. Throws RangeError out of range. */
export function satToMsat(sat: bigint | number): Msat {
  return msat(BigInt(sat) * 1000n);
}

/** Whole satoshi in `amount`, rounded down. */
export function msatToSatFloor(amount: Msat): bigint {
  return amount / 1000n;
}

/** Whole satoshi in `amount`, rounded up. */
export function msatToSatCeil(amount: Msat): bigint {
  return (amount + 999n) / 1000n;
}

/** Checks a ratio in parts per million. Throws RangeError on anything but a safe integer from 0. */
export function ppm(value: number): Ppm {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`${value} is not a ratio in ppm`);
  }
  return value as Ppm;
}

/** `amount * ratio / 1,000,000`, rounded down. */
export function mulPpmFloor(amount: Msat, ratio: Ppm): Msat {
  return msat((amount * BigInt(ratio)) / 1_000_000n);
}

const MSAT_TEXT = /^(\d{1,20})(msat|sat)?$/;
const BTC_TEXT = /^(\d{1,8})\.(\d{1,11})btc$/;

/**
 * Reads an amount as lightningd's RPC accepts it: an integer (msat), `"Nmsat"`, `"Nsat"` or
 * `"N.xxxbtc"`. Returns undefined for anything else, also out of range.
 */
export function parseMsat(input: unknown): Msat | undefined {
  let amount: bigint | undefined;
  if (typeof input === 'bigint') {
    amount = input;
  } else if (typeof input === 'number' && Number.isSafeInteger(input)) {
    amount = BigInt(input);
  } else if (typeof input === 'string') {
    const plain = MSAT_TEXT.exec(input);
    const btc = plain === null ? BTC_TEXT.exec(input) : null;
    if (plain !== null) {
      amount = BigInt(plain[1] ?? '') * (plain[2] === 'sat' ? 1000n : 1n);
    } else if (btc !== null) {
      amount = BigInt(btc[1] ?? '') * 100_000_000_000n + BigInt((btc[2] ?? '').padEnd(11, '0'));
    }
  }
  return amount === undefined || amount < 0n || amount > U64_MAX ? undefined : (amount as Msat);
}
