import { type Msat, msat, type Ppm } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escrowSeconds, priceSatCeil, REPUTATIONS, SUGGESTED_PRICES } from './price.ts';

describe('a price', () => {
  it('rises with danger and falls with reputation, in whole sats', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 0, max: 2 }),
        (danger, known) => {
          const [less = 'newcomer', more = 'newcomer'] = REPUTATIONS.slice(known, known + 2);
          const price = priceSatCeil(SUGGESTED_PRICES, danger, less);
          expect(price % 1000n).toBe(0n);
          expect(priceSatCeil(SUGGESTED_PRICES, danger + 1, less)).toBeGreaterThan(price);
          expect(priceSatCeil(SUGGESTED_PRICES, danger, more)).toBeLessThanOrEqual(price);
        },
      ),
    );
  });

  it('is rounded up, and nothing where nothing is asked', () => {
    const share = { ...SUGGESTED_PRICES.shares, senior: 1 as Ppm };
    const list = { byDanger: Array.from({ length: 10 }, (_, at) => msat(at)), shares: share };
    expect(priceSatCeil(list, 1, 'senior')).toBe(0n);
    expect(priceSatCeil(list, 2, 'senior')).toBe(1000n as Msat);
    expect(priceSatCeil(SUGGESTED_PRICES, 5, 'newcomer')).toBe(56_000n);
  });

  it.each([0, 11, 1.5, Number.NaN])('is none for danger %s', (danger) => {
    expect(() => priceSatCeil(SUGGESTED_PRICES, danger, 'newcomer')).toThrow(RangeError);
    expect(() => escrowSeconds(danger)).toThrow(RangeError);
  });

  it('an escrow is locked for longer, the more dangerous its action', () => {
    const hours = Array.from({ length: 10 }, (_, at) => escrowSeconds(at + 1) / 3600);
    expect(hours).toEqual([1, 1, 2, 6, 6, 24, 24, 72, 72, 96]);
  });
});
