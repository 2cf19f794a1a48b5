import type { UnixMs } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import { moment, momentAt } from './moment.ts';

const NOW = 1_800_000_000_000 as UnixMs;

describe('a moment', () => {
  it.each([
    [1_900_000_000, 1_900_000_000_000],
    ['1900000000', 1_900_000_000_000],
    ['90m', NOW + 5_400_000],
    ['12h', NOW + 43_200_000],
    ['30d', NOW + 2_592_000_000],
    ['4w', NOW + 2_419_200_000],
  ])('%s', (text, at) => {
    expect(momentAt(moment(text), NOW)).toBe(at);
  });

  it.each(['', '-1', '1.5h', '1y', '1 d', '12345678901', null, true, {}, Number.NaN])(
    '%s is refused',
    (text) => {
      expect(() => moment(text)).toThrow(/Unix seconds/);
    },
  );
});
