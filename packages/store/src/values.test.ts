import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toParameter, toSafeNumber } from './values.ts';

describe('toParameter', () => {
  it('passes what both databases keep', () => {
    expect(toParameter(null)).toBe(null);
    expect(toParameter('ü\u{1f600}')).toBe('ü\u{1f600}');
    expect(toParameter(0.5)).toBe(0.5);
    expect(toParameter(-0)).toBe(0n);
    fc.assert(fc.property(fc.maxSafeInteger(), (value) => toParameter(value) === BigInt(value)));
  });

  it.each([
    undefined,
    true,
    1n,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    1e300,
    'nul\0',
    '\ud800',
    new Date(0),
    [1],
    { a: 1 },
    Symbol('s'),
  ])('refuses %s', (value) => {
    expect(() => toParameter(value)).toThrow(expect.objectContaining({ code: 'store_value' }));
  });
});

describe('toSafeNumber', () => {
  it('refuses what a double would change', () => {
    expect(toSafeNumber(-(2n ** 53n) + 1n)).toBe(-Number.MAX_SAFE_INTEGER);
    for (const value of [2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)]) {
      expect(() => toSafeNumber(value)).toThrow(expect.objectContaining({ code: 'store_value' }));
    }
  });
});
