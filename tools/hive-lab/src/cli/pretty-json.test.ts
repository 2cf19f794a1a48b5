import { parseJson } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prettyJson } from './pretty-json.ts';

describe('prettyJson', () => {
  it('prints as lightning-cli does', () => {
    expect(prettyJson({ a: 1n << 63n, list: [], of: [{}, 'x\n'], none: null })).toBe(
      '{\n   "a": 9223372036854775808,\n   "list": [],\n   "of": [\n      {},\n      "x\\n"\n   ],\n   "none": null\n}',
    );
  });

  it('reads back as it was', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const plain = parseJson(JSON.stringify(value));
        expect(parseJson(prettyJson(plain))).toEqual(plain);
      }),
    );
  });
});
