import { PPM } from './limits.ts';

/** `a * b / c` rounded down, exact where the product exceeds 2^53. All from 0, `c` above 0; safe integers. */
export function mulDivFloor(a: number, b: number, c: number): number {
  const product = a * b;
  return Number.isSafeInteger(product)
    ? Math.floor(product / c)
    : Number((BigInt(a) * BigInt(b)) / BigInt(c));
}

/** `part / whole` in ppm, rounded down; 0 of nothing is 0. Both safe integers from 0. */
export function ratioPpm(part: number, whole: number): number {
  return whole === 0 ? 0 : mulDivFloor(part, PPM, whole);
}

/** `value` held between `low` and `high`. */
export function clamp(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value;
}

/** `value` rounded down to a whole number of `step`s. */
export function floorToStep(value: number, step: number): number {
  return value - (value % step);
}

/** The binary logarithm in units of 1/16, rounded down; 0 for 0 and 1. Exact integer arithmetic. */
export function log2Sixteenths(value: number): number {
  if (value < 2) {
    return 0;
  }
  let exponent = 0;
  let rest = value;
  while (rest >= 2) {
    rest /= 2;
    exponent += 1;
  }
  // Four times squaring a mantissa in 1..2 yields four binary digits of the logarithm.
  let digits = 0;
  let mantissa = BigInt(Math.floor(rest * 2 ** 30));
  const one = 1n << 30n;
  for (let bit = 0; bit < 4; bit += 1) {
    mantissa = (mantissa * mantissa) / one;
    digits *= 2;
    if (mantissa >= 2n * one) {
      mantissa /= 2n;
      digits += 1;
    }
  }
  return exponent * 16 + digits;
}
