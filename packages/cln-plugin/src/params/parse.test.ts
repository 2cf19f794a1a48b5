import { inspect } from 'node:util';
import { CodedError, DecodeError, type JsonValue } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MethodError } from '../errors.ts';
import { p } from './p.ts';
import type { Param, Presence } from './param.ts';
import { parseParams, redact, secretsIn, usageOf } from './parse.ts';

const ID = `03${'0a'.repeat(32)}`;
const refused = (run: () => unknown): MethodError => {
  try {
    run();
  } catch (error) {
    if (error instanceof MethodError) {
      return error;
    }
    throw error;
  }
  throw new Error('accepted');
};
const one = (param: Param<unknown, Presence>, value: unknown): unknown =>
  parseParams({ it: param }, { it: value as JsonValue }, true).it;

describe('parameters', () => {
  const schema = {
    id: p.nodeId(),
    amount: p.msat(),
    label: p.text().default('none'),
    force: p.bool().optional(),
  };

  it('prints the usage as lightningd does', () => {
    expect(usageOf(schema)).toBe('id amount [label] [force]');
    expect(usageOf({})).toBe('');
  });

  it('reads named and positional arguments alike', () => {
    const expected = { id: ID, amount: 1000n, label: 'none', force: true };
    expect(parseParams(schema, { id: ID, amount: '1sat', force: 'true' }, true)).toEqual(expected);
    expect(parseParams(schema, [ID.toUpperCase(), 1000, null, true], true)).toEqual(expected);
    const values = parseParams(schema, [ID, '1000'], true);
    expect(values).toEqual({ id: ID, amount: 1000n, label: 'none' });
    // The types follow: a required bigint, a defaulted text, an optional boolean.
    const typed: { readonly amount: bigint; readonly label: string; readonly force?: boolean } =
      values;
    expect(typed.amount).toBe(1000n);
    expect(parseParams({}, null, true)).toEqual({});
    expect(parseParams({}, undefined, true)).toEqual({});
  });

  it.each<[string, JsonValue, string, string]>([
    ['a missing one', { id: ID }, 'missing required parameter: amount', 'amount'],
    [
      'null for a required one',
      { id: ID, amount: null },
      'missing required parameter: amount',
      'amount',
    ],
    ['an unknown one', { id: ID, amount: 1, colour: 'red' }, 'unknown parameter: colour', 'colour'],
    [
      'prototype members',
      JSON.parse(`{"id":"${ID}","amount":1,"__proto__":1}`) as JsonValue,
      'unknown parameter: __proto__',
      '__proto__',
    ],
    ['a wrong type', { id: ID, amount: true }, 'amount: expected an amount', 'amount'],
    ['a bad id', { id: 'xyz', amount: 1 }, 'id: expected a node id', 'id'],
  ])('refuses %s with -32602 that names it', (_what, input, message, parameter) => {
    const error = refused(() => parseParams(schema, input, true));
    expect(error.rpcCode).toBe(-32602);
    expect(error.message).toContain(message);
    expect(error.rpcData).toEqual({ parameter });
  });

  it('says how to give a parameter by name that was given so without -k', () => {
    const error = refused(() => parseParams(schema, [ID, 'label=secret text'], true));
    expect(error.message).toBe(
      'label=... stands in the place of amount: give all parameters by name, with lightning-cli -k',
    );
    expect(error.rpcData).toEqual({ parameter: 'amount' });
    expect(parseParams(schema, [ID, 1, 'other=x'], true)).toMatchObject({ label: 'other=x' });
  });

  it('refuses too many positional arguments, and what is neither object nor array', () => {
    expect(refused(() => parseParams({ a: p.int() }, [1, 2], true)).message).toBe(
      'too many parameters: got 2, expected 1',
    );
    for (const input of ['text', 7, true, 1n << 70n]) {
      expect(refused(() => parseParams(schema, input, true)).rpcCode).toBe(-32602);
    }
  });

  it.each<[string, Param<unknown, Presence>, unknown[], unknown[]]>([
    [
      'int',
      p.int({ min: -5, max: 5 }),
      [5, '5', -5, '-5', 0],
      [6, '6', 1.5, '1.5', '', ' 5', '0x5', null, [], {}, '5n', true],
    ],
    [
      'u64',
      p.u64(),
      [0, '18446744073709551615', (1n << 64n) - 1n],
      [-1, '18446744073709551616', 1n << 64n, 0.5],
    ],
    ['number', p.number(), [1.5, '1.5', '-2e3'], ['NaN', 'Infinity', '', 'x', '1e999']],
    ['bool', p.bool(), [true, false, 'true', 'false'], [1, 0, 'yes', 'TRUE', '']],
    ['text', p.text({ min: 1, max: 3 }), ['abc', 7, 12n], ['', 'abcd', {}, []]],
    [
      'msat',
      p.msat(),
      [0, '5', '5msat', '5sat', '0.00000001btc'],
      [-1, '5btcs', '1.5sat', 0.5, {}],
    ],
    ['sat', p.sat(), [1, '1', '1sat', '1000msat'], ['1msat', -1, '1.5']],
    ['ppm', p.ppm(), [0, '1000000'], [-1, 2 ** 32]],
    ['nodeId', p.nodeId(), [ID, ID.toUpperCase()], [ID.slice(2), `05${ID.slice(2)}`, 3]],
    ['scid', p.scid(), ['1x2x3'], ['1x2', '1:2:3', 'x', '99999999x1x1']],
    ['hex', p.hex(2), ['00ff', 'ABCD', 1234], ['0', '00f', 'zzzz', '00ff00', true]],
    ['oneOf', p.oneOf(['a', '1']), ['a', '1', 1], ['b', 'A', '']],
    [
      'array',
      p.array(p.int(), { min: 1, max: 2 }),
      [[1], [1, '2']],
      [[], [1, 2, 3], ['x'], 'x', { 0: 1, length: 1 }],
    ],
    [
      'object',
      p.object({ a: p.int(), b: p.text().optional() }),
      [{ a: 1 }, { a: 1, b: 'x' }],
      [{}, { a: 1, c: 2 }, { a: 'x' }, [], 'x'],
    ],
    ['anyObject', p.anyObject(), [{}, { a: [1] }], [[], 'x', 1]],
  ])('%s takes what lightningd takes and nothing else', (_name, param, good, bad) => {
    for (const value of good) {
      expect(() => one(param, value), String(value)).not.toThrow();
    }
    for (const value of bad) {
      expect(() => one(param, value), inspect(value)).toThrow(MethodError);
    }
  });

  it('names the place within arrays and objects', () => {
    const nested = { list: p.array(p.object({ fee: p.int({ max: 3 }) })) };
    const error = refused(() => parseParams(nested, { list: [{ fee: 1 }, { fee: 9 }] }, true));
    expect(error.message).toContain('list.1.fee: expected an integer');
    expect(error.rpcData).toEqual({ parameter: 'list.1.fee' });
    expect(p.object({ a: p.int().default(4) }).decode({})).toEqual({ a: 4 });
  });

  it('never shows a secret, however deep', () => {
    const secret = 'nsec1verysecret';
    const schemas = [
      { key: p.text({ max: 3 }).asSecret() },
      { key: p.object({ inner: p.hex().asSecret() }) },
      { key: p.array(p.int().asSecret()) },
      {
        key: p
          .custom<string>((input) => {
            throw new DecodeError(`not ${String(input)}`, input);
          })
          .asSecret(),
      },
    ];
    for (const [index, schema] of schemas.entries()) {
      const value: JsonValue = [secret, { inner: secret }, [secret], secret][index] ?? null;
      const error = refused(() => parseParams(schema, { key: value }, true));
      expect(secretsIn(schema, { key: value })).toEqual([secret]);
      expect(secretsIn(schema, [value])).toEqual([secret]);
      expect(redact(error.message, secretsIn(schema, { key: value }))).not.toContain(secret);
    }
  });

  it('refuses deprecated ones where they are off', () => {
    const schema = { old: p.int().optional().asDeprecated() };
    expect(parseParams(schema, { old: 1 }, true)).toEqual({ old: 1 });
    expect(refused(() => parseParams(schema, { old: 1 }, false)).rpcCode).toBe(-32602);
    expect(parseParams(schema, {}, false)).toEqual({});
  });

  it('answers any JSON with values or -32602, never with another failure', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        for (const input of [a, [a, b], { id: a, amount: b }, { [JSON.stringify(a)]: b }]) {
          try {
            parseParams(schema, input as JsonValue, true);
          } catch (error) {
            expect(error).toBeInstanceOf(MethodError);
            expect((error as MethodError).rpcCode).toBe(-32602);
          }
        }
      }),
    );
  });

  it('reads back every number it is given as a text', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (value) => {
        expect(one(p.u64(), String(value))).toBe(value);
        expect(one(p.msat(), value)).toBe(value);
      }),
    );
  });

  it('refuses a default that the parameter would not take', () => {
    expect(() => p.int({ max: 3 }).default(7)).toThrow(CodedError);
  });
});
