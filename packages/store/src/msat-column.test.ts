import { type Msat, msat } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeMsat,
  decodeMsatSum,
  encodeMsat,
  type MsatSumText,
  type MsatText,
} from './msat-column.ts';

const amounts = fc.bigInt(0n, (1n << 64n) - 1n).map((value) => msat(value));

describe('encodeMsat', () => {
  it('keeps every amount', () => {
    fc.assert(fc.property(amounts, (amount) => decodeMsat(encodeMsat(amount)) === amount));
  });

  it('keeps the order of amounts in the order of texts', () => {
    fc.assert(fc.property(amounts, amounts, (a, b) => encodeMsat(a) < encodeMsat(b) === a < b));
  });

  it.each([
    [1n << 53n, '00009007199254740992'],
    [(1n << 53n) + 1n, '00009007199254740993'],
    [1n << 63n, '09223372036854775808'],
    [(1n << 64n) - 1n, '18446744073709551615'],
  ])('writes %s as 20 digits', (amount, text) => {
    expect(encodeMsat(msat(amount))).toBe(text);
  });

  it.each([-1n, 1n << 64n])('refuses %s', (amount) => {
    expect(() => encodeMsat(amount as Msat)).toThrow(RangeError);
  });
});

describe('decodeMsat', () => {
  it.each([
    '',
    '1',
    '18446744073709551616',
    '-0000000000000000001',
    '0000000000000000001x',
    null,
    5,
  ])('refuses %j', (text) => {
    expect(() => decodeMsat(text as MsatText)).toThrow(
      expect.objectContaining({ code: 'store_value' }),
    );
  });
});

describe('decodeMsatSum', () => {
  it('adds the halves, and reads no rows as zero', () => {
    expect(decodeMsatSum('1844674407:3709551615' as MsatSumText)).toBe((1n << 64n) - 1n);
    expect(decodeMsatSum('3689348814:7419103230' as MsatSumText)).toBe((1n << 65n) - 2n);
    expect(decodeMsatSum(null)).toBe(0n);
  });

  it.each(['', '1', '1:', ':1', '1:2:3', '-1:2'])('refuses %j', (text) => {
    expect(() => decodeMsatSum(text as MsatSumText)).toThrow(
      expect.objectContaining({ code: 'store_value' }),
    );
  });
});
