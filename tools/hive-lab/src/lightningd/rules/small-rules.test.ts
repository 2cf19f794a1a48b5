import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chainedId } from './call-id.ts';
import { mayUse, versionNumber } from './deprecation.ts';
import { FeatureSet } from './feature-set.ts';
import { addRange, type IdRange, inRanges, removeRange } from './id-ranges.ts';
import { parseLogLevel } from './log-level.ts';
import { optionFault, optionJson } from './option-value.ts';

describe('chainedId', () => {
  it('shows who asked', () => {
    expect(chainedId(undefined, 'init', 44)).toBe('"cln:init#44"');
    expect(chainedId('"cli:x#1"', 'echo', 50)).toBe('"cli:x#1/cln:echo#50"');
    expect(chainedId('7', 'echo', 52)).toBe('"7/cln:echo#52"');
    expect(chainedId('null', 'echo', 0)).toBe('"null/cln:echo#0"');
    expect(chainedId('"a\\"b"', 'echo', 1)).toBe('"weird-id/cln:echo#1"');
  });
});

describe('deprecation', () => {
  it('goes by version', () => {
    expect(mayUse(undefined, false)).toBe(true);
    expect(mayUse({ start: 'v26.06' }, false)).toBe(false);
    expect(mayUse({ start: 'v26.06' }, true)).toBe(true);
    expect(mayUse({ start: 'v26.09' }, false)).toBe(true);
    expect(mayUse({ start: 'v25.02' }, true)).toBe(false);
    expect(mayUse({ start: 'v25.12', end: 'v26.06' }, true)).toBe(true);
    expect(versionNumber('26.06')).toBeUndefined();
    expect(versionNumber('v26.13')).toBeUndefined();
  });
});

describe('options', () => {
  it.each([
    ['int', '42', undefined],
    ['int', '-9223372036854775808', undefined],
    ['int', '9223372036854775808', "'9223372036854775808' is out of range"],
    ['int', 'abc', "'abc' is not a number"],
    ['int', '', "'' is not a number"],
    ['int', '1.5', "'1.5' is not a number"],
    ['bool', 'YES', undefined],
    ['bool', 'maybe', "Invalid argument 'maybe'"],
    ['string', '', undefined],
  ] as const)('%s %s: %s', (type, value, fault) => {
    expect(optionFault(type, value)).toBe(fault);
  });

  it('become JSON', () => {
    expect(optionJson('int', '9007199254740993')).toBe('9007199254740993');
    expect(optionJson('bool', 'no')).toBe('false');
    expect(optionJson('string', 'a"b')).toBe('"a\\"b"');
  });
});

it('log levels are read in any case, with plugin aliases', () => {
  expect(['WARN', 'error', 'Unusual', 'trace'].map(parseLogLevel)).toEqual([
    'unusual',
    'broken',
    'unusual',
    'trace',
  ]);
  expect(['warning', 'fatal', '', 'io', 'constructor'].map(parseLogLevel)).toEqual(
    Array<undefined>(5).fill(undefined),
  );
});

describe('feature bits', () => {
  it('are added, found in both forms and taken away', () => {
    const features = new FeatureSet({ init: '800898880a8a59a1', node: '' });
    expect(features.toHex()).toEqual({ init: '800898880a8a59a1', node: '' });
    // Bit 0 is set; bit 1 is its optional form.
    expect(features.hasAny('init', '02')).toBe(true);
    expect(features.hasAny('init', `01${'00'.repeat(20)}`)).toBe(false);
    features.add({ node: `02${'00'.repeat(12)}` });
    expect(features.toHex()['node']).toBe(`02${'00'.repeat(12)}`);
    features.remove({ node: `02${'00'.repeat(12)}` });
    expect(features.toHex()['node']).toBe('');
  });
});

describe('id ranges', () => {
  const range = fc
    .tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 10 }))
    .map(([start, length]): IdRange => ({ start, end: start + length }));

  it('hold just what was added and not taken away', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), range), { maxLength: 12 }), (steps) => {
        let ranges: readonly IdRange[] = [];
        const model = new Set<number>();
        for (const [add, { start, end }] of steps) {
          ranges = (add ? addRange : removeRange)(ranges, { start, end });
          for (let id = start; id <= end; id += 1) {
            if (add) model.add(id);
            else model.delete(id);
          }
        }
        for (let id = 0; id <= 45; id += 1) {
          expect(inRanges(ranges, id), `${id} in ${JSON.stringify(ranges)}`).toBe(model.has(id));
        }
        for (const [i, { start, end }] of ranges.entries()) {
          expect(start).toBeLessThanOrEqual(end);
          expect(start).toBeGreaterThan((ranges[i - 1]?.end ?? -2) + 1);
        }
      }),
    );
  });
});
