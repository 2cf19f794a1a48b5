import { describe, expect, it } from 'vitest';
import {
  amountMsat,
  anyJson,
  array,
  bigInteger,
  boolean,
  DecodeError,
  type Decoder,
  hex,
  integer,
  nodeIdDecoder,
  number,
  object,
  oneOf,
  optional,
  record,
  scidDecoder,
  text,
  u64,
} from './decode.ts';

const ID = `02${'ab'.repeat(32)}`;

function failure(decode: Decoder<unknown>, input: unknown): { path: string; message: string } {
  try {
    decode(input);
  } catch (error) {
    if (error instanceof DecodeError) {
      return { path: error.path, message: error.message };
    }
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('decoders', () => {
  const channel = object({
    id: nodeIdDecoder,
    scid: optional(scidDecoder),
    amount: amountMsat,
    tags: array(text(10), 3),
  });

  it('yields the listed members only, and leaves absent ones out', () => {
    expect(channel({ id: ID, scid: null, amount: '1sat', tags: ['a'], more: 1 })).toStrictEqual({
      id: ID,
      amount: 1000n,
      tags: ['a'],
    });
  });

  it('names the path to the culprit and what was expected', () => {
    const nested = object({ channels: array(channel) });
    const good = { id: ID, amount: 1, tags: [] };
    expect(failure(nested, { channels: [good, { ...good, tags: ['x', 5] }] })).toEqual({
      path: 'channels.1.tags.1',
      message: 'channels.1.tags.1: expected a text, found 5',
    });
    expect(failure(nested, { channels: [{ ...good, id: undefined }] }).path).toBe('channels.0.id');
    expect(failure(record(u64), { a: 1, b: -1 }).path).toBe('b');
    expect(failure(text(), null).message).toBe('the value: expected a text, found null');
  });

  it('does not take members from the prototype', () => {
    const decode = object({ toString: optional(anyJson) });
    expect(decode({})).toStrictEqual({});
    expect(failure(object({ constructor: anyJson }), {}).path).toBe('constructor');
  });

  it('never repeats a long text in its message', () => {
    expect(failure(integer(), 'x'.repeat(5000)).message).toBe(
      `the value: expected an integer from ${Number.MIN_SAFE_INTEGER} to ${Number.MAX_SAFE_INTEGER}, found a text of 5000 characters`,
    );
  });

  it.each<[string, Decoder<unknown>, readonly unknown[]]>([
    ['text', text(2), [1, 'abc', null, undefined]],
    ['boolean', boolean, [0, 'true', null]],
    ['integer', integer(0, 10), [-1, 11, 1.5, '1', Number.NaN, 1n]],
    ['number', number, [Number.NaN, Number.POSITIVE_INFINITY, '1']],
    ['bigInteger', bigInteger(-5n, 5n), [6, -6n, 1.5, '1']],
    ['u64', u64, [-1, 1n << 64n, 0.5]],
    ['hex', hex(2), ['abc', 'zz', 'abcdef', 5]],
    ['node id', nodeIdDecoder, [ID.toUpperCase(), `04${'ab'.repeat(32)}`, ID.slice(2), 1]],
    ['scid', scidDecoder, ['1x2', '1x2x65536', '16777216x0x0', '1x2x3x4', 5]],
    ['oneOf', oneOf('a', 'b'), ['c', 1, null, 'toString']],
    ['array', array(boolean, 1), [{}, 'x', [true, true], [1]]],
    ['object', object({}), [null, [], 'x', 1]],
    ['record', record(boolean, 1), [null, [], { a: true, b: true }]],
    ['anyJson', anyJson, [undefined]],
  ])('%s refuses what it must', (_name, decode, inputs) => {
    for (const input of inputs) {
      expect(() => decode(input), String(input)).toThrow(DecodeError);
    }
  });
});
