import { describe, expect, it } from 'vitest';
import { LabRpcError } from '../../contract/node.ts';
import {
  escapedString,
  hexBytes,
  keyPath,
  publicKey,
  rawString,
  truth,
  unsigned64,
} from './param-type.ts';
import { readParams } from './params.ts';

const SHAPE = { params: ['id', 'amount', 'dev_x'], required: ['id'] };

function refusal(action: () => unknown): string {
  try {
    action();
    return 'accepted';
  } catch (error) {
    return error instanceof LabRpcError ? `${error.code} ${error.message}` : String(error);
  }
}

describe('readParams', () => {
  it('names positional parameters and takes null for absent', () => {
    expect(readParams('["a", 1]', SHAPE, false).values()).toEqual({ id: 'a', amount: 1 });
    expect(readParams('["a", null]', SHAPE, false).values()).toEqual({ id: 'a' });
    expect(readParams('{"amount":2,"id":"b"}', SHAPE, false).values()).toEqual({
      id: 'b',
      amount: 2,
    });
  });

  it('keeps integers beyond 2^53', () => {
    expect(readParams('["a", 9007199254740993]', SHAPE, false).values()['amount']).toBe(
      9007199254740993n,
    );
  });

  it.each([
    ['{}', '-32602 missing required parameter: id'],
    ['[]', '-32602 missing required parameter: id'],
    ['[null]', '-32602 missing required parameter: id'],
    ['{"amount":1}', '-32602 missing required parameter: id'],
    ['[1,2,3,4]', '-32602 too many parameters: got 4, expected 3'],
    ['"x"', '-32602 Expected array or object for params'],
    ['null', '-32602 Expected array or object for params'],
    ['{"id":1,"dev_x":1}', "-32602 Parameter 'dev_x' is developer-only"],
    ['[1,2,3]', '-32602 Parameter 2 is developer-only'],
  ])('refuses %s', (raw, words) => {
    expect(refusal(() => readParams(raw, SHAPE, false))).toBe(words);
  });

  it('names an unknown parameter', () => {
    expect(refusal(() => readParams('{"id":1,"foo":2}', SHAPE, false))).toContain(
      '-32602 unknown parameter: foo, this may be caused by',
    );
  });

  it('lets developers use theirs', () => {
    expect(readParams('{"id":1,"dev_x":1}', SHAPE, true).values()).toEqual({ id: 1, dev_x: 1 });
  });
});

describe('parameter types', () => {
  it('take what lightningd takes', () => {
    expect(rawString('"a\\"b"', 'x')).toBe('a\\"b');
    expect(escapedString('"a\\"\\\\ub\\n"', 'x')).toBe('a"\\ub\n');
    expect(unsigned64('"18446744073709551615"', 'x')).toBe(18446744073709551615n);
    expect(keyPath('["a",1,true]', 'x')).toEqual(['a', '1', 'true']);
    expect(keyPath('"a"', 'x')).toEqual(['a']);
    expect(truth('true', 'x')).toBe(true);
  });

  it.each([
    [
      () => escapedString('"\\u0041"', 's'),
      `s: should be a string (without \\u): invalid token '"\\u0041"'`,
    ],
    [() => escapedString('1', 's'), "s: should be a string (without \\u): invalid token '1'"],
    [() => hexBytes('"abc"', 'h'), `h: should be a hex value: invalid token '"abc"'`],
    [() => unsigned64('-1', 'n'), "n: should be an unsigned 64 bit integer: invalid token '-1'"],
    [() => unsigned64('18446744073709551616', 'n'), 'n: should be an unsigned 64 bit integer'],
    [() => truth('"true"', 't'), `t: should be 'true' or 'false': invalid token '"true"'`],
    [() => publicKey('"02ab"', 'p'), 'p: should be a compressed pubkey'],
    [() => keyPath('[]', 'k'), "k: should not be empty: invalid token '[]'"],
    [() => keyPath('{}', 'k'), 'k: should be string or array'],
    [() => keyPath('[["a"]]', 'k'), 'k: should be string'],
  ])('refuse what it refuses (%#)', (action, words) => {
    expect(refusal(action)).toContain(`-32602 ${words}`);
  });
});
