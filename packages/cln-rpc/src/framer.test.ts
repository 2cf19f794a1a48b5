import { isCodedError, JSON_DEPTH_MAX, parseJson, stringifyJson } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Frame, type FrameErrorCode, JsonFramer } from './framer.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const texts = (frames: readonly Frame[]): string[] => frames.map((frame) => frame.text);
const EMPTY = new Uint8Array(0);

function codeOf(act: () => unknown): FrameErrorCode | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return isCodedError<FrameErrorCode>(error) ? error.code : undefined;
  }
}

/** Any JSON object or array, u64 integers, escapes and text beyond ASCII included. */
const json = fc.oneof(
  fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary' })),
  fc.array(
    fc.oneof(fc.jsonValue({ stringUnit: 'grapheme' }), fc.bigInt({ min: 0n, max: 1n << 64n })),
  ),
);
const space = fc.constantFrom('', ' ', '\n', '\n\n', '\r\n\t', ' \n \n ');

describe('cutting a stream into messages', () => {
  it('HK-07: gives the same messages wherever the bytes are split', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(space, json), { maxLength: 8 }),
        fc.array(fc.nat(400), { maxLength: 20 }),
        (values, cuts) => {
          const written = values.map(([, value]) => stringifyJson(value));
          const stream = bytes(values.map(([gap], i) => gap + written[i]).join(''));
          const framer = new JsonFramer();
          const found: Frame[] = [];
          let at = 0;
          for (const length of [...cuts, stream.length]) {
            found.push(...framer.push(stream.subarray(at, at + length)));
            at += length;
          }
          expect(texts(found)).toEqual(written);
          expect(framer.partial).toBe(false);
          for (const frame of found) {
            expect(parseJson(frame.text, frame.exact)).toEqual(parseJson(frame.text));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('takes one byte at a time, split inside characters and escapes', () => {
    const message = '{"a":"\\"\\\\\\u00e9 é 漢 😀 }{][","b":[1,{"c":"\\\\"}]}';
    const framer = new JsonFramer();
    const found: string[] = [];
    for (const byte of bytes(message + message)) {
      found.push(...texts(framer.push(Uint8Array.of(byte))));
    }
    expect(found).toEqual([message, message]);
  });

  it('does not depend on blank lines between messages or within them', () => {
    const odd = '{"a":\n\n1,\n\n"b"\n\n:"x\\n\\n"}';
    expect(texts(new JsonFramer().push(bytes(`${odd}${odd}\n\n{}[]`)))).toEqual([
      odd,
      odd,
      '{}',
      '[]',
    ]);
  });

  it('says when it is in the middle of a message', () => {
    const framer = new JsonFramer();
    expect(framer.partial).toBe(false);
    framer.push(bytes(' \n'));
    expect(framer.partial).toBe(false);
    framer.push(bytes('{"a":"'));
    expect(framer.partial).toBe(true);
    framer.push(bytes('"}\n'));
    expect(framer.partial).toBe(false);
  });

  it('lets the caller use its chunk again', () => {
    const framer = new JsonFramer();
    const chunk = bytes('{"a":"bc');
    framer.push(chunk);
    chunk.fill(0x7a);
    expect(texts(framer.push(bytes('d"}')))).toEqual(['{"a":"bcd"}']);
  });

  it('keeps nothing of the chunk after a fault either', () => {
    const framer = new JsonFramer();
    const chunk = Buffer.from('{"a":"?"}{"b":2}{"c":3}');
    chunk[6] = 0xff;
    expect(codeOf(() => framer.push(chunk))).toBe('frame_utf8');
    chunk.fill(0x7a);
    expect(texts(framer.push(EMPTY))).toEqual(['{"b":2}', '{"c":3}']);
  });

  it('takes long strings with quotes and backslashes at every distance', () => {
    for (let length = 0; length < 70; length += 1) {
      const message = JSON.stringify({
        a: `${'x'.repeat(length)}"`,
        b: `${'\\'.repeat(length)}"`,
        c: [],
      });
      for (let cut = 1; cut < message.length; cut += 1) {
        const framer = new JsonFramer();
        const head = framer.push(bytes(message.slice(0, cut)));
        expect(texts([...head, ...framer.push(bytes(message.slice(cut)))])).toEqual([message]);
      }
    }
  });

  it('goes through 24 MiB in small chunks in time that grows with the bytes only', () => {
    const message = `{"a":"${'\\"x'.repeat(2 ** 23)}"}`;
    const whole = bytes(message);
    const framer = new JsonFramer();
    let found: Frame[] = [];
    for (let at = 0; at < whole.length; at += 1000) {
      found = framer.push(whole.subarray(at, at + 1000));
    }
    expect(found[0]?.text.length).toBe(message.length);
  });
});

describe('exactness', () => {
  const exact = (text: string): boolean | undefined => new JsonFramer().push(bytes(text))[0]?.exact;

  it.each([
    ['{"a":123456789012345}', true],
    ['{"a":1234567890123456}', false],
    ['{"a":18446744073709551615}', false],
    ['{"a":-9007199254740993}', false],
    ['[1,12345678,123456789]', true],
    ['{"a":"12345678901234567890"}', true],
    ['{"a":0.12345678901234567890}', true],
    ['{"a":1e400}', false],
    ['{"a":1E4}', false],
    ['{"a":1.5e4}', false],
    ['{"a":true,"b":false,"c":null}', true],
  ])('of %s is %s', (text, expected) => {
    expect(exact(text)).toBe(expected);
    for (let cut = 1; cut < text.length; cut += 1) {
      const framer = new JsonFramer();
      framer.push(bytes(text.slice(0, cut)));
      expect(framer.push(bytes(text.slice(cut)))[0]?.exact).toBe(expected);
    }
  });

  it('is judged for each message by itself', () => {
    const frames = new JsonFramer().push(bytes('{"a":12345678901234567}{"a":1}'));
    expect(frames.map((frame) => frame.exact)).toEqual([false, true]);
  });
});

describe('refusals', () => {
  it.each(['x', '42', '"text"', 'null', '}', '\u0000', '\uFEFF{}', 'HTTP/1.1 400'])(
    'takes %j for garbage, for good',
    (text) => {
      const framer = new JsonFramer();
      expect(codeOf(() => framer.push(bytes(text)))).toBe('frame_garbage');
      expect(codeOf(() => framer.push(bytes('{}')))).toBe('frame_garbage');
    },
  );

  it('returns what was complete before garbage, then tells of it', () => {
    const framer = new JsonFramer();
    expect(texts(framer.push(bytes('{"a":1}{"b":2} oops')))).toEqual(['{"a":1}', '{"b":2}']);
    expect(framer.fault?.code).toBe('frame_garbage');
    expect(codeOf(() => framer.push(EMPTY))).toBe('frame_garbage');
  });

  it('bounds a message, however it comes', () => {
    const limit = new JsonFramer({ maxBytes: 100 });
    expect(texts(limit.push(bytes(`["${'x'.repeat(96)}"]`)))).toHaveLength(1);
    expect(codeOf(() => limit.push(bytes(`["${'x'.repeat(97)}"]`)))).toBe('frame_too_large');
    const slow = new JsonFramer({ maxBytes: 100 });
    slow.push(bytes('["'));
    for (let i = 0; i < 98; i += 1) {
      slow.push(bytes('x'));
    }
    expect(codeOf(() => slow.push(bytes('x')))).toBe('frame_too_large');
  });

  it('allows the deepest nesting that the parser takes and refuses more, but goes on', () => {
    const deep = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    const framer = new JsonFramer();
    expect(texts(framer.push(bytes(deep(JSON_DEPTH_MAX))))).toHaveLength(1);
    expect(codeOf(() => framer.push(bytes(deep(JSON_DEPTH_MAX + 1))))).toBe('frame_depth');
    expect(codeOf(() => framer.push(bytes(deep(1_000_000))))).toBe('frame_depth');
    expect(texts(framer.push(bytes('{"a":[]}')))).toEqual(['{"a":[]}']);
  });

  it.each([
    ['a lone continuation byte', [0x80]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a cut character', [0xe6, 0xbc]],
    ['a byte that never occurs', [0xff]],
  ])('refuses %s in a text, whole or split, but goes on', (_, bad) => {
    const message = Buffer.concat([bytes('{"a":"'), Uint8Array.from(bad), bytes('"}')]);
    for (let cut = 0; cut <= message.length; cut += 1) {
      const framer = new JsonFramer();
      expect(
        texts(framer.push(Buffer.concat([bytes('{"b":1}'), message.subarray(0, cut)]))),
      ).toEqual(['{"b":1}']);
      expect(
        codeOf(() => {
          framer.push(Buffer.concat([message.subarray(cut), bytes('{"c":2}')]));
          framer.push(EMPTY);
        }),
      ).toBe('frame_utf8');
      expect(texts(framer.push(bytes('{"d":3}')))).toEqual(['{"c":2}', '{"d":3}']);
    }
  });

  it('loses no message between several refused ones in one chunk', () => {
    const bad = Buffer.concat([bytes('{"x":"'), Uint8Array.of(0xff), bytes('"}')]);
    const framer = new JsonFramer();
    const found: string[] = [];
    let refused = 0;
    const stream = Buffer.concat([
      bytes('{"a":1}'),
      bad,
      bytes('{"b":2}{"c":3}'),
      bad,
      bad,
      bytes('{"d":4'),
    ]);
    for (const chunk of [stream, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, bytes('}')]) {
      try {
        found.push(...texts(framer.push(chunk)));
      } catch (error) {
        expect(isCodedError(error, 'frame_utf8')).toBe(true);
        refused += 1;
      }
    }
    expect([found, refused]).toEqual([['{"a":1}', '{"b":2}', '{"c":3}', '{"d":4}'], 3]);
  });
});
