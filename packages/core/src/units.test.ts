import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MSAT_MAX,
  msat,
  msatToSatCeil,
  msatToSatFloor,
  mulPpmFloor,
  parseMsat,
  ppm,
  satToMsat,
} from './units.ts';

describe('amounts', () => {
  it('reads every form that lightningd accepts', () => {
    expect(parseMsat(5)).toBe(5n);
    expect(parseMsat(9007199254740993n)).toBe(9007199254740993n);
    expect(parseMsat('18446744073709551615')).toBe(MSAT_MAX);
    expect(parseMsat('7msat')).toBe(7n);
    expect(parseMsat('7sat')).toBe(7000n);
    expect(parseMsat('1.5btc')).toBe(150_000_000_000n);
    expect(parseMsat('0.00000000001btc')).toBe(1n);
  });

  it.each([
    -1,
    -1n,
    1.5,
    2 ** 53,
    Number.NaN,
    '',
    ' 1',
    '1 sat',
    '-1',
    '1e3',
    '0x10',
    '1.btc',
    '1.000000000001btc',
    '18446744073709551616',
    '18446744073709552sat',
    null,
    undefined,
    true,
    {},
    [],
  ])('refuses %s', (input) => {
    expect(parseMsat(input)).toBeUndefined();
  });

  it('rounds as its name says', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: MSAT_MAX }), (value) => {
        const amount = msat(value);
        expect(msatToSatFloor(amount) * 1000n).toBeLessThanOrEqual(value);
        expect(msatToSatCeil(amount) * 1000n).toBeGreaterThanOrEqual(value);
        expect(msatToSatCeil(amount) - msatToSatFloor(amount)).toBe(value % 1000n === 0n ? 0n : 1n);
      }),
    );
    expect(mulPpmFloor(msat(999_999n), ppm(1))).toBe(0n);
    expect(mulPpmFloor(msat(1_000_000n), ppm(1))).toBe(1n);
  });

  it('refuses what is out of range', () => {
    expect(() => msat(-1n)).toThrow(RangeError);
    expect(() => msat(MSAT_MAX + 1n)).toThrow(RangeError);
    expect(() => satToMsat(MSAT_MAX)).toThrow(RangeError);
    expect(() => ppm(-1)).toThrow(RangeError);
    expect(() => ppm(0.5)).toThrow(RangeError);
  });
});
