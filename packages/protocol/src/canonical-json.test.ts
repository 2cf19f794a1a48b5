import { isCodedError } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import python from '../fixtures/python-json.json' with { type: 'json' };
import { canonicalJson, escapedText, pythonFloat, pythonJson } from './canonical-json.ts';
import { compareCodePoints, isWellFormed } from './code-points.ts';
import { WIRE_DEPTH_MAX } from './limits.ts';
import { parseWireJson } from './wire-json.ts';
import { JsonFloat } from './wire-value.ts';

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return isCodedError(error) ? error.code : `not coded: ${String(error)}`;
  }
}

/** Wire values as the parser gives them; texts are Unicode, floats are finite. */
const wire = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.string({ unit: 'binary' }),
    fc.maxSafeInteger(),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 100n }),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => new JsonFloat(value)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .dictionary(fc.string({ unit: 'binary' }), tie('value'), { maxKeys: 4 })
      .map((o) => ({ ...o })),
  ),
})).value;

describe('against python3', () => {
  it('has enough recorded cases', () => {
    expect(python.cases.length).toBeGreaterThan(280);
  });

  it('writes each of them as json.dumps did, compact and spaced', () => {
    for (const { text, canonical, spaced } of python.cases) {
      const value = parseWireJson(text);
      expect(canonicalJson(value), text).toBe(canonical);
      expect(pythonJson(value, { sortKeys: true, spaced: true }), text).toBe(spaced);
    }
  });
});

describe('canonicalJson', () => {
  it('is a fixed point: reading and writing it again changes nothing', () => {
    fc.assert(
      fc.property(wire, (value) => {
        const text = canonicalJson(value);
        expect(text).toMatch(/^[ -~]*$/);
        expect(canonicalJson(parseWireJson(text))).toBe(text);
      }),
    );
  });

  it('says the same as JSON.parse about everything a double can hold', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('does not depend on the order of members', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.integer()), (object) => {
        const turned = Object.fromEntries(Object.entries(object).reverse());
        expect(canonicalJson(turned)).toBe(canonicalJson({ ...object }));
      }),
    );
  });

  it('tells floats from integers and leaves out what is undefined', () => {
    expect(canonicalJson({ a: new JsonFloat(1), b: 1, c: undefined, d: 1.5, e: 1e16 })).toBe(
      '{"a":1.0,"b":1,"d":1.5,"e":1e+16}',
    );
  });

  it('refuses what has no JSON form, with a code', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    for (const value of [undefined, () => 1, Symbol('x'), new Map(), /x/, [undefined]]) {
      expect(codeOf(() => canonicalJson(value))).toBe('json_value');
    }
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, new JsonFloat(Number.NaN)]) {
      expect(codeOf(() => canonicalJson([value]))).toBe('json_number');
    }
    expect(codeOf(() => canonicalJson(cycle))).toBe('json_depth');
  });
});

describe('escapedText', () => {
  it('is what stands between the quotes, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(JSON.parse(`"${escapedText(text)}"`)).toBe(text);
      }),
    );
    expect(escapedText('\u007f\ud800"\\/é')).toBe('\\u007f\\ud800\\"\\\\/\\u00e9');
  });
});

describe('pythonFloat', () => {
  it('reads back as the same double and always looks like a float', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Number(pythonFloat(value))).toBe(value);
        expect(pythonFloat(value)).toMatch(/[.e]/);
      }),
    );
  });
});

describe('compareCodePoints', () => {
  it('orders as the sequences of code points', () => {
    const points = (text: string): number[] => Array.from(text, (c) => c.codePointAt(0) ?? 0);
    const reference = (a: number[], b: number[]): number => {
      const at = a.findIndex((point, index) => point !== b[index]);
      return at === -1 || at >= b.length ? a.length - b.length : (a[at] ?? 0) - (b[at] ?? 0);
    };
    const unit = fc.constantFrom('a', 'b', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{1f600}');
    fc.assert(
      fc.property(fc.string({ unit }), fc.string({ unit }), (a, b) => {
        expect(Math.sign(compareCodePoints(a, b))).toBe(Math.sign(reference(points(a), points(b))));
      }),
    );
  });

  it('knows half a pair', () => {
    expect(isWellFormed('a\u{1f600}é')).toBe(true);
    expect(isWellFormed('a\ud83d')).toBe(false);
    expect(isWellFormed('\ude00a')).toBe(false);
  });
});

describe('parseWireJson', () => {
  it('agrees with JSON.parse about what is JSON and what it means', () => {
    const plain = (value: unknown): unknown => JSON.parse(canonicalJson(value)) as unknown;
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        expect(plain(parseWireJson(text))).toEqual(plain(JSON.parse(text)));
      }),
    );
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"b"',
      '1',
      '-',
      '0',
      '.',
      'e5',
      'null',
      'true',
      ' ',
      '"',
    );
    fc.assert(
      fc.property(fc.string({ unit: piece, maxLength: 12 }), (text) => {
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        const code = codeOf(() => parseWireJson(text));
        expect(code === undefined || code === 'json_duplicate', `${text} ${code}`).toBe(valid);
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses hostile texts with a code', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    const hostile: readonly (readonly [string, string])[] = [
      ['{"a":1,"a":2}', 'json_duplicate'],
      ['{"a":1,"\\u0061":2}', 'json_duplicate'],
      ['{"__proto__":1,"__proto__":2}', 'json_duplicate'],
      ['[NaN]', 'json_syntax'],
      ['[Infinity]', 'json_syntax'],
      ['[-Infinity]', 'json_syntax'],
      ['[1e400]', 'json_number'],
      [`[${'9'.repeat(41)}]`, 'json_number'],
      [`[${'9'.repeat(400)}]`, 'json_number'],
      ['["\\ud800"]', 'json_unicode'],
      ['["\\udc00\\ud800"]', 'json_unicode'],
      ['{"\\ud83d":1}', 'json_unicode'],
      [nested(WIRE_DEPTH_MAX + 2), 'json_depth'],
      [nested(30_000), 'json_depth'],
      ['{"a":'.repeat(10_000), 'json_depth'],
      ['\ufeff{}', 'json_syntax'],
      ['{}x', 'json_syntax'],
      ['["\u0001"]', 'json_syntax'],
      ['["\\x"]', 'json_syntax'],
      ["{'a':1}", 'json_syntax'],
      ['', 'json_syntax'],
      ['"', 'json_syntax'],
      ['01', 'json_syntax'],
    ];
    for (const [text, code] of hostile) {
      expect(
        codeOf(() => parseWireJson(text)),
        text.slice(0, 40),
      ).toBe(code);
    }
    expect(codeOf(() => parseWireJson(nested(WIRE_DEPTH_MAX)))).toBeUndefined();
  });

  it('reads 60,000 characters of one text without overflowing', () => {
    const text = `"${'\\u00e9x'.repeat(8_000)}"`;
    expect(parseWireJson(text)).toHaveLength(16_000);
  });

  it('treats __proto__ as an ordinary member', () => {
    const value = parseWireJson('{"__proto__":{"admin":true}}') as object;
    expect(Object.hasOwn(value, '__proto__')).toBe(true);
    expect((value as { admin?: unknown }).admin).toBeUndefined();
  });

  it('keeps integers of any size, and reads -0 as the integer 0', () => {
    expect(parseWireJson('[18446744073709551616,-0,9007199254740991]')).toEqual([
      2n ** 64n,
      0,
      9007199254740991,
    ]);
  });
});
