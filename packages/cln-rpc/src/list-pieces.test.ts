import { isCodedError, type JsonValue } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonFramer } from './framer.ts';
import { LIST_PIECE_CHARS } from './limits.ts';
import { openList, takePieces } from './list-pieces.ts';

function frameOf(text: string) {
  const [frame] = new JsonFramer().push(Buffer.from(text));
  if (frame === undefined) {
    throw new Error('no whole message');
  }
  return frame;
}

function taken(list: string, chars: number, tail = '') {
  const head = '{"result":{"channels":[';
  const text = `${head}${list.slice(1)}${tail}}}`;
  const opened = { text, member: 'channels', start: head.length, end: text.lastIndexOf(']') };
  const entries: JsonValue[] = [];
  let pieces = 0;
  const take = (piece: readonly JsonValue[]): void => {
    pieces += 1;
    entries.push(...piece);
  };
  const reply = takePieces({ ...opened, reply: { opened: true } }, take, chars);
  return { entries, pieces, reply };
}

const syntaxOf = (action: () => unknown): boolean => {
  try {
    action();
    return false;
  } catch (error) {
    return isCodedError(error, 'json_syntax');
  }
};

describe('a list in pieces', () => {
  it('gives the entries that the whole gives, wherever cuts fall', () => {
    const awkward = fc.constantFrom('},{', '"},{"', '[{},{}]', '\\"},', '},', ']', '');
    const entry = fc.oneof(
      fc.dictionary(fc.oneof(awkward, fc.string({ maxLength: 4 })), fc.oneof(awkward, fc.nat())),
      fc.record({ inner: fc.array(fc.record({ a: awkward, b: fc.nat() }), { maxLength: 4 }) }),
      awkward,
      fc.array(fc.record({ x: fc.nat() }), { maxLength: 3 }),
    );
    const list = fc.array(entry, { maxLength: 30 });
    fc.assert(
      fc.property(list, fc.integer({ min: 0, max: 60 }), fc.boolean(), (entries, chars, spaced) => {
        const text = JSON.stringify(entries, undefined, spaced ? 1 : undefined);
        expect(taken(text, chars).entries).toEqual(JSON.parse(text));
        const more = taken(text, chars, ',"more":[{"a":1},{"b":[{},{}]}]');
        expect(more.entries).toEqual(JSON.parse(text));
        expect(more.reply).toEqual({
          result: { channels: [], more: [{ a: 1 }, { b: [{}, {}] }] },
        });
      }),
      { numRuns: 500 },
    );
  });

  it('refuses what is no list, wherever it is broken', () => {
    for (const text of [
      '[{"a":1},]',
      '[{"a":1},,{"a":2}]',
      '[{"a":1} {"a":2}]',
      '[{"a":1},{"a"}]',
      '[,]',
    ]) {
      expect(
        syntaxOf(() => taken(text, 0)),
        text,
      ).toBe(true);
    }
  });

  it('parses the rest at once where no cut is right', () => {
    const text = JSON.stringify([{ a: '},{'.repeat(1_000) }, { b: 1 }]);
    const { entries, pieces } = taken(text, 10);
    expect({ entries, pieces }).toEqual({ entries: JSON.parse(text), pieces: 1 });
  });
});

describe('a reply that holds a list', () => {
  const entries = Array.from({ length: 3_000 }, (_, at) => ({ short_channel_id: `${at}x1x1`, at }));
  const whole = (result: unknown): string =>
    JSON.stringify({ jsonrpc: '2.0', id: 'test:listchannels#1', result });

  it('is opened where its result begins with the list', () => {
    for (const more of [{}, { block: 7 }]) {
      const opened = openList(frameOf(whole({ channels: entries, ...more })), 'channels');
      expect(opened?.reply).toEqual({
        jsonrpc: '2.0',
        id: 'test:listchannels#1',
        result: { channels: [], ...more },
      });
      const all: JsonValue[] = [];
      let pieces = 0;
      if (opened !== undefined) {
        takePieces(opened, (piece) => {
          pieces += 1;
          all.push(...piece);
        });
      }
      expect(all).toEqual(entries);
      expect(pieces).toBeGreaterThan(1);
    }
  });

  it('is left whole in every other form', () => {
    const long = 'x'.repeat(LIST_PIECE_CHARS);
    const left: readonly string[] = [
      whole({ channels: entries.slice(0, 10) }),
      whole({ first: [1], channels: entries }),
      whole({ nodes: entries }),
      whole({ channels: { inner: entries } }),
      whole({ channels: [...entries, 2 ** 60] }),
      whole(entries),
      JSON.stringify({ id: 'a', error: { channels: entries } }),
      JSON.stringify({ id: `{"result":{"channels":[${long}`, result: {} }),
    ];
    for (const text of left) {
      expect(openList(frameOf(text), 'channels') === undefined, text.slice(0, 60)).toBe(true);
    }
  });
});
