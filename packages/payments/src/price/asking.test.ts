import { isCodedError, type Msat, parseJson, stringifyJson } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import { PAYMENT_LIMITS } from '../limits.ts';
import {
  ASKING_NOTHING,
  type Asking,
  type AskingChange,
  askedOf,
  askingToJson,
  changeAsking,
  decodeAsking,
  reputationOf,
} from './asking.ts';

const asking = (...changes: readonly AskingChange[]): Asking =>
  changes.reduce(changeAsking, ASKING_NOTHING);

describe('what is asked', () => {
  it('is nothing, until the operator asks', () => {
    expect(askedOf(ASKING_NOTHING, '1')).toBeUndefined();
    expect(askedOf(asking({ kind: 'on' }), '1')?.slice(0, 3)).toEqual([0n, 8000n, 15_000n]);
    expect(askedOf(asking({ kind: 'on' }, { kind: 'off' }), '1')).toBeUndefined();
  });

  it('is what the operator set, less for those it knows', () => {
    const set = asking(
      { kind: 'on' },
      { kind: 'price', danger: 3, amountMsat: 40_000n as Msat },
      { kind: 'known', sender: '1', reputation: 'senior' },
    );
    expect(askedOf(set, '1')?.[2]).toBe(20_000n);
    expect(askedOf(set, '2')?.[2]).toBe(60_000n);
    expect(reputationOf(set, 'constructor')).toBe('newcomer');
    const back = changeAsking(set, { kind: 'known', sender: '1', reputation: 'newcomer' });
    expect(back.known.size).toBe(0);
    expect(changeAsking(set, { kind: 'suggested' }).list).toBe(ASKING_NOTHING.list);
  });

  it.each<AskingChange>([
    { kind: 'price', danger: 0, amountMsat: 1n as Msat },
    { kind: 'price', danger: 1.5, amountMsat: 1n as Msat },
    { kind: 'price', danger: 11, amountMsat: 1n as Msat },
    { kind: 'price', danger: 1, amountMsat: (PAYMENT_LIMITS.priceMsat + 1n) as Msat },
    { kind: 'uses', uses: 0 },
    { kind: 'uses', uses: PAYMENT_LIMITS.tokenUses + 1 },
    { kind: 'seconds', seconds: 59 },
    { kind: 'seconds', seconds: PAYMENT_LIMITS.tokenSecondsMax + 1 },
  ])('is not changed by $kind out of bounds', (change) => {
    let thrown: unknown;
    try {
      asking(change);
    } catch (error) {
      thrown = error;
    }
    expect(isCodedError(thrown, 'price_value')).toBe(true);
  });

  it('knows a bounded number of senders', () => {
    const known: Asking['known'] = new Map(
      Array.from({ length: PAYMENT_LIMITS.knownSenders }, (_, at) => [String(at), 'senior']),
    );
    const full = { ...ASKING_NOTHING, known };
    expect(() =>
      changeAsking(full, { kind: 'known', sender: 'more', reputation: 'trusted' }),
    ).toThrow('known senders');
  });

  it('comes back from disk as it was, and is not read where it is damaged', () => {
    const set = asking(
      { kind: 'on' },
      { kind: 'reads', reads: true },
      { kind: 'uses', uses: 7 },
      { kind: 'seconds', seconds: 3600 },
      { kind: 'known', sender: '1', reputation: 'trusted' },
    );
    expect(decodeAsking(parseJson(stringifyJson(askingToJson(set))))).toEqual(set);
    for (const change of [{ by_danger: [1] }, { uses: 0 }, { known: { a: 'friend' } }]) {
      expect(() => decodeAsking({ ...askingToJson(set), ...change })).toThrow('expected');
    }
  });
});
