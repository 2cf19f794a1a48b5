import { describe, expect, it } from 'vitest';
import { parseRpcParams } from './rpc-params.ts';

describe('parseRpcParams', () => {
  it.each([
    [
      ['1', 'true', 'null', 'text', ''],
      [1, true, null, 'text', ''],
    ],
    [['9007199254740993'], [9007199254740993n]],
    [
      ['[1,"a"]', '{"a":1}', '"quoted"'],
      [[1, 'a'], { a: 1 }, 'quoted'],
    ],
    [
      ['0123', '00', '0'],
      ['0123', '00', 0],
    ],
    [
      ['-1', '1.2.3', '.', '1msat'],
      ['-1', '1.2.3', '.', '1msat'],
    ],
    [
      ['[1,', '{'],
      ['[1,', '{'],
    ],
    [[], []],
  ])('reads %j in order', (words, params) => {
    expect(parseRpcParams(words, 'guess')).toEqual(params);
  });

  it('guesses named parameters from the first, and takes all as they are with -o', () => {
    expect(parseRpcParams(['label=a=b', 'n=1', 'list=[1]'], 'guess')).toEqual({
      label: 'a=b',
      n: 1,
      list: [1],
    });
    expect(parseRpcParams(['plain', 'a=b'], 'guess')).toEqual(['plain', 'a=b']);
    expect(parseRpcParams(['a=b'], 'ordered')).toEqual(['a=b']);
    expect(parseRpcParams([], 'keywords')).toEqual({});
    expect(parseRpcParams(['__proto__=1'], 'keywords')).toEqual(
      Object.fromEntries([['__proto__', 1]]),
    );
  });

  it.each([
    [['x'], 'keywords', 'not name=value'],
    [['=x'], 'keywords', 'not name=value'],
    [['a=1', 'b'], 'guess', 'not name=value'],
    [['a=1', 'a=2'], 'guess', 'twice'],
    [['{a: 1}'], 'guess', 'looks like JSON'],
    [['"a"b"'], 'guess', 'looks like JSON'],
  ] as const)('refuses %j (%s)', (words, style, message) => {
    expect(() => parseRpcParams(words, style)).toThrow(message);
  });
});
