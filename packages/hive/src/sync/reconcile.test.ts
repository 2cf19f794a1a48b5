import { bytesToHex } from '@cl-hive/core';
import { sha256Hex } from '@cl-hive/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  beginReconcile,
  decodeRanges,
  encodeRanges,
  type ItemSet,
  itemSet,
  reconcile,
} from '../index.ts';

const id = (name: string | number): string => sha256Hex(String(name)).slice(0, 32);
const ids = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => id(from + index));

/** A whole exchange over bytes. */
function exchange(a: ItemSet, b: ItemSet) {
  const have = new Set<string>();
  const need = new Set<string>();
  let bytes = 0;
  let largest = 0;
  let rounds = 0;
  const send = (ranges: Parameters<typeof encodeRanges>[0]) => {
    const sent = encodeRanges(ranges);
    bytes += sent.length;
    largest = Math.max(largest, sent.length);
    return decodeRanges(sent);
  };
  for (let message = beginReconcile(a); message.length > 0 && rounds < 10_000; rounds += 1) {
    const reply = reconcile(b, send(message), false);
    const mine = reconcile(a, send(reply.ranges), true);
    for (const one of mine.have) {
      have.add(one);
    }
    for (const one of mine.need) {
      need.add(one);
    }
    message = mine.ranges;
  }
  return { have, need, bytes, largest, rounds };
}

describe('set reconciliation', () => {
  it('finds exactly the difference, so that both sides come to the union', () => {
    const some = fc.uniqueArray(fc.nat(3000), { maxLength: 300 });
    fc.assert(
      fc.property(some, some, some, (both, onlyA, onlyB) => {
        const a = new Set([...both, ...onlyA].map(id));
        const b = new Set([...both, ...onlyB].map(id));
        const { have, need } = exchange(itemSet(a), itemSet(b));
        expect(have).toEqual(new Set([...a].filter((one) => !b.has(one))));
        expect(need).toEqual(new Set([...b].filter((one) => !a.has(one))));
      }),
      { numRuns: 150 },
    );
  });

  it('costs bytes by the difference, not by the size', () => {
    const all = ids(0, 5000);
    expect(exchange(itemSet(all), itemSet(all)).bytes).toBe(18);
    const one = exchange(itemSet(all), itemSet(all.slice(1)));
    expect(one.need.size + one.have.size).toBe(1);
    expect(one.bytes).toBeLessThan(2500);
    const ten = exchange(itemSet(all), itemSet(all.slice(10)));
    expect(ten.bytes).toBeLessThan(10 * one.bytes);
  });

  it('keeps every message far below 65,535 bytes, whatever the difference', () => {
    for (const [a, b] of [
      [ids(0, 5000), []],
      [[], ids(0, 5000)],
      [ids(0, 5000), ids(5000, 10_000)],
    ] as const) {
      const { have, need, largest } = exchange(itemSet(a), itemSet(b));
      expect([have.size, need.size]).toEqual([a.length, b.length]);
      expect(largest).toBeLessThan(20_000);
    }
  });

  it('reads back what it writes, and refuses everything else with a code', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          expect(bytesToHex(encodeRanges(decodeRanges(bytes)))).toBe(bytesToHex(bytes));
        } catch (error) {
          expect(error).toMatchObject({ code: 'bad_ranges' });
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('ends against a peer that answers at random', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 20 }), (messages) => {
        const set = itemSet(ids(0, 500));
        for (const bytes of messages) {
          try {
            expect(
              encodeRanges(reconcile(set, decodeRanges(bytes), true).ranges).length,
            ).toBeLessThan(65_535);
          } catch (error) {
            expect(error).toMatchObject({ code: 'bad_ranges' });
          }
        }
      }),
    );
  });
});
