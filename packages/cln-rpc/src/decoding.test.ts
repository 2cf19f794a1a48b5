import { DecodeError } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import * as read from './decoding.ts';

type Reader = (value: unknown, key: string) => unknown;
const hex = (bytes: number): string => 'aB'.repeat(bytes);
const TWO_64 = 1n << 64n;

const cases: [string, Reader, readonly unknown[], readonly unknown[]][] = [
  ['text', read.readText, ['', 'é'], [null, 1, undefined, {}]],
  ['boolean', read.readBoolean, [true, false], [0, 'true', null]],
  ['integer', read.readInteger, [0, -5, 2 ** 53 - 1], [1.5, 2 ** 53, 1n, '1', Number.NaN]],
  ['u8', read.readU8, [0, 255], [-1, 256, 1.5, '1', 1n]],
  ['u16', read.readU16, [0, 65_535], [-1, 65_536]],
  ['u32', read.readU32, [0, 2 ** 32 - 1], [-1, 2 ** 32, 4_294_967_296n]],
  ['u64', read.readU64, [0n, TWO_64 - 1n], [-1, -1n, TWO_64, 2 ** 53, 0.5, '1']],
  ['i64', read.readI64, [-(1n << 63n), (1n << 63n) - 1n], [1n << 63n, 2 ** 53, 0.5, '1']],
  ['number', read.readNumber, [0, -1.5, 1e300], ['1', null]],
  ['msat', read.readMsat, [0n, TWO_64 - 1n], [-1, -1n, TWO_64, 1.5, '1 msat', null, 2 ** 53]],
  ['hex', read.readHex, ['', '00fF'], ['0', 'zz', 5, null]],
  ['32 bytes', read.readHex32, [hex(32)], [hex(31), hex(33), 'z'.repeat(64)]],
  ['64 bytes', read.readHex64, [hex(64)], [hex(63), 'z'.repeat(128)]],
  ['node id', read.readNodeId, [`02${'ab'.repeat(32)}`], [`04${'ab'.repeat(32)}`, '02', null]],
  ['scid', read.readScid, ['1x2x3'], ['1x2', '1:2:3', '16777216x1x1', 5]],
  ['scid with direction', read.readScidDir, ['1x2x3/0', '1x2x3/1'], ['1x2x3', '1x2x3/2', '/1', 1]],
  ['outpoint', read.readOutpoint, [`${hex(32)}:0`], [hex(32), `${hex(32)}:`, `${hex(31)}:1`, 1]],
  ['json', read.readJson, [null, 0, '', [], {}], [undefined]],
  ['object', read.readObject, [{}], [[], null, 'x', undefined]],
];

describe.each(cases)('%s', (_, reader, good, bad) => {
  it('takes what it should', () => {
    for (const value of good) {
      expect(reader(value, 'key')).toEqual(value);
    }
  });

  it('refuses the rest under its name', () => {
    for (const value of bad) {
      expect(
        refusedPath(() => reader(value, 'key')),
        String(value),
      ).toBe('key');
    }
  });
});

function refusedPath(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return error instanceof DecodeError ? error.path : String(error);
  }
}

describe('conversions', () => {
  it('turns small integers into bigint where the type is 64 bits wide', () => {
    expect(read.readU64(5, 'k')).toBe(5n);
    expect(read.readI64(-5, 'k')).toBe(-5n);
    expect(read.readMsat(5, 'k')).toBe(5n);
  });

  it('reads the text forms of amounts that older answers have', () => {
    expect(read.readMsat('5msat', 'k')).toBe(5n);
    expect(read.readMsat('5sat', 'k')).toBe(5000n);
  });

  it('joins the path through lists, maps and objects', () => {
    const inner = (value: unknown): string => read.readText(read.readRecord(value)['a'], 'a');
    expect(refusedPath(() => read.readListOf([{ a: '' }, { a: 1 }], 'l', inner))).toBe('l.1.a');
    expect(refusedPath(() => read.readListOf([{ a: '' }, 7], 'l', inner))).toBe('l.1');
    expect(refusedPath(() => read.readListOf({}, 'l', inner))).toBe('l');
    expect(refusedPath(() => read.readList(['', 1], 'l', read.readText))).toBe('l.1');
    expect(refusedPath(() => read.readList(null, 'l', read.readText))).toBe('l');
    expect(refusedPath(() => read.readMapOf({ x: { a: 1 } }, 'm', inner))).toBe('m.x.a');
    expect(refusedPath(() => read.readNested({}, 'n', inner))).toBe('n.a');
  });

  it('keeps a map’s names as data', () => {
    const odd = JSON.parse('{"__proto__":{"a":"x"},"constructor":{"a":"y"}}') as unknown;
    const inner = (value: unknown): string => read.readText(read.readRecord(value)['a'], 'a');
    const map = read.readMapOf(odd, 'm', inner);
    expect(Object.entries(map)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });

  it('passes on a fault that is no refusal', () => {
    const broken = (): never => {
      throw new TypeError('bug');
    };
    expect(() => read.readNested({}, 'k', broken)).toThrow(TypeError);
    expect(() => read.readListOf([1], 'k', broken)).toThrow(TypeError);
    expect(() => read.readList([1], 'k', broken)).toThrow(TypeError);
    expect(() => read.readMapOf({ a: 1 }, 'k', broken)).toThrow(TypeError);
  });

  it('takes one of several types', () => {
    const kinds = ['string', 'null', 'array'] as const;
    expect(read.readEither('x', 'k', kinds)).toBe('x');
    expect(read.readEither(null, 'k', kinds)).toBeNull();
    expect(read.readEither([], 'k', kinds)).toEqual([]);
    expect(refusedPath(() => read.readEither({}, 'k', kinds))).toBe('k');
    expect(refusedPath(() => read.readEither(1n, 'k', ['number']))).toBe('k');
  });
});
