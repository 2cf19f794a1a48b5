import type { JsonObject, JsonValue } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import { applyFilter, readFilter } from './result-filter.ts';

const RESULT: JsonObject = {
  peers: [
    { id: 'a', num: 1, sub: { x: 1, y: 2 } },
    { id: 'b', num: 2 },
  ],
  total: 2,
};

function filtered(filter: JsonValue): JsonObject {
  return applyFilter(RESULT, readFilter(filter));
}

describe('a result filter', () => {
  it('keeps what its template names', () => {
    expect(filtered({ peers: [{ id: true }] })).toEqual({ peers: [{ id: 'a' }, { id: 'b' }] });
    expect(filtered({ total: true })).toEqual({ total: 2 });
    expect(filtered({ peers: [{ sub: { x: true } }] })).toEqual({ peers: [{ sub: { x: 1 } }, {}] });
    expect(filtered({})).toEqual(RESULT);
    expect(filtered({ absent: true })).toEqual({});
  });

  it('warns where it has another shape than the answer', () => {
    expect(filtered({ peers: { id: true } })).toEqual({
      warning_parameter_filter: '.peers is an array',
    });
    expect(filtered({ peers: [[true]] })).toEqual({
      peers: [],
      warning_parameter_filter: '.peers[] is an object',
    });
  });

  it.each([
    [[]],
    [true],
    ['x'],
    [null],
    [{ a: false }],
    [{ a: 1 }],
    [{ a: [] }],
    [{ a: [true, true] }],
  ])('refuses %j', (filter) => {
    expect(() => readFilter(filter)).toThrow(/^filter: /);
  });
});
