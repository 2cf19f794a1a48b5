import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isCodedError } from './errors.ts';
import { endOfString, JSON_DEPTH_MAX, type JsonValue, parseJson, stringifyJson } from './json.ts';

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return isCodedError(error) ? error.code : 'not coded';
  }
}

/** What JSON.parse would have made of it: every bigint as the nearest double. */
function narrow(value: JsonValue): unknown {
  if (typeof value === 'bigint') {
    return Number(value);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(narrow);
  }
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, narrow(member)]));
}

describe('parseJson', () => {
  it('keeps integers that a double cannot hold', () => {
    expect(
      parseJson('{"a":9007199254740993,"b":[18446744073709551615,-9007199254740993]}'),
    ).toEqual({
      a: 9007199254740993n,
      b: [18446744073709551615n, -9007199254740993n],
    });
  });

  it('keeps integers at the edge of what is safe as numbers', () => {
    expect(parseJson('[9007199254740991,-9007199254740991,9007199254740992]')).toEqual([
      9007199254740991,
      -9007199254740991,
      9007199254740992n,
    ]);
  });

  it('agrees with JSON.parse on every text that JSON.stringify writes, on both paths', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = JSON.stringify(value);
        expect(narrow(parseJson(text))).toEqual(JSON.parse(text));
        const slow = parseJson(`[ ${text} , 99999999999999999999 ]`);
        expect(narrow(slow)).toEqual([JSON.parse(text), 1e20]);
      }),
    );
  });

  it('refuses on the slow path what JSON.parse refuses', () => {
    const broken = [
      '',
      '[1,]',
      '{"a"}',
      '{"a":1,}',
      '[01]',
      '[1 2]',
      '["\n"]',
      '[tru]',
      '[.5]',
      '[1.]',
      '"\\x"',
    ];
    for (const text of broken) {
      expect(
        codeOf(() => parseJson(text)),
        text,
      ).toBe('json_syntax');
      expect(
        codeOf(() => parseJson(`[99999999999999999999,${text}]`)),
        text,
      ).toBe('json_syntax');
    }
  });

  it('refuses numbers that are infinite as doubles', () => {
    expect(codeOf(() => parseJson('[1e400]'))).toBe('json_number');
  });

  it('refuses nesting beyond the bound and takes nesting up to it', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(codeOf(() => parseJson(nested(1_000_000)))).toBe('json_depth');
    expect(codeOf(() => parseJson(nested(JSON_DEPTH_MAX + 2)))).toBe('json_depth');
    expect(codeOf(() => parseJson(nested(JSON_DEPTH_MAX)))).toBeUndefined();
    expect(codeOf(() => parseJson(`["${'['.repeat(500)}"]`))).toBeUndefined();
    expect(parseJson(`[${'[],'.repeat(500)}1]`)).toHaveLength(501);
  });

  it('treats __proto__ as an ordinary member', () => {
    for (const text of [
      '{"__proto__":{"admin":true}}',
      '{"__proto__":{"admin":true},"n":99999999999999999999}',
    ]) {
      const value = parseJson(text) as object;
      expect(Object.hasOwn(value, '__proto__')).toBe(true);
      expect((value as { admin?: boolean }).admin).toBeUndefined();
    }
  });
});

describe('stringifyJson', () => {
  it('writes bigint as bare integers and leaves undefined out', () => {
    expect(stringifyJson({ a: 2n ** 64n - 1n, b: undefined, c: [undefined, 1n] })).toBe(
      '{"a":18446744073709551615,"c":[null,1]}',
    );
  });

  it('writes what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        expect(stringifyJson(value)).toBe(JSON.stringify(value));
      }),
    );
  });

  it('round-trips integers of any size', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n })), (values) => {
        const read = parseJson(stringifyJson(values)) as readonly (number | bigint)[];
        expect(read.map(BigInt)).toEqual(values);
      }),
    );
  });

  it('refuses cycles, depth bombs, NaN and infinities with a code', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(codeOf(() => stringifyJson(cycle))).toBe('json_depth');
    expect(codeOf(() => stringifyJson([Number.NaN]))).toBe('json_number');
    expect(codeOf(() => stringifyJson(Number.POSITIVE_INFINITY))).toBe('json_number');
  });
});

describe('endOfString', () => {
  it('finds the closing quote of any text, and the end of what is not closed', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, value) => {
        const quoted = JSON.stringify(value);
        const text = `${before}${quoted}"rest`;
        expect(endOfString(text, before.length)).toBe(before.length + quoted.length - 1);
      }),
    );
    expect(endOfString('"open \\"', 0)).toBe(8);
  });
});
