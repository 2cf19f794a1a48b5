import { describe, expect, it } from 'vitest';
import { MethodError } from './errors.ts';
import { applyFilter, parseFilter } from './filter.ts';

const RESULT = { a: 1, list: [{ x: 1, y: 2 }, { x: 3 }], deep: { b: { c: true } }, n: null };
const filtered = (filter: unknown): unknown => {
  const parsed = parseFilter(filter);
  return parsed === undefined ? RESULT : applyFilter(parsed, RESULT);
};

describe('filter', () => {
  it('keeps what the template names, as lightningd does for its own commands', () => {
    expect(filtered({ a: true })).toEqual({ a: 1 });
    expect(filtered({ list: [{ x: true }] })).toEqual({ list: [{ x: 1 }, { x: 3 }] });
    expect(filtered({ deep: { b: true }, n: true })).toEqual({ deep: { b: { c: true } }, n: null });
    expect(filtered({ absent: true })).toEqual({});
    expect(filtered({})).toEqual({});
    expect(filtered(undefined)).toBe(RESULT);
  });

  it('warns where the template does not fit', () => {
    expect(filtered({ a: { b: true } })).toEqual({
      a: {},
      warning_parameter_filter: 'result.a is not an object',
    });
    expect(filtered({ deep: [true] })).toEqual({
      deep: [],
      warning_parameter_filter: 'result.deep is not an array',
    });
  });

  it.each([1, 'x', [], [true], { a: false }, { a: 1 }, { a: [] }, { a: [true, true] }])(
    'refuses %j',
    (filter) => {
      expect(() => parseFilter(filter)).toThrow(MethodError);
    },
  );
});
