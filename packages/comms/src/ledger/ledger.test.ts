import { isCodedError, type Msat } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PRESETS } from '../policy/rules.ts';
import { capUse, grantUse, type LedgerBook, ledgerKey, reserve, settleEntry } from './book.ts';
import { type Cap, DAY_MS, HOUR_MS, policyCaps } from './cap.ts';
import type { LedgerChange } from './transition.ts';

const cap = (capMsat: bigint, windowMs = HOUR_MS, principal?: string): Cap => ({
  setting: 'cap',
  principal,
  power: 'spend',
  windowMs,
  capMsat: capMsat as Msat,
});
const EMPTY: LedgerBook = new Map();
const take = (
  book: LedgerBook,
  intent: number,
  amount: bigint,
  fee: bigint,
  caps: Cap[],
  now: number,
  principal = 'a',
) =>
  reserve(
    book,
    { intent, power: 'spend', principal, grant: 1, payment: undefined },
    { amountMsat: amount as Msat, feeMsat: fee as Msat },
    caps,
    now,
  );

describe('the ledger', () => {
  it('PB-15: a reservation is amount and fee', () => {
    const caps = [cap(1_000_000n)];
    expect(take(EMPTY, 1, 1_000_000n, 50_000n, caps, 0).verdict).toEqual({
      ok: false,
      setting: 'cap',
      capMsat: 1_000_000n,
      usedMsat: 0n,
      wantedMsat: 1_050_000n,
    });
    expect(take(EMPTY, 1, 950_000n, 50_000n, caps, 0).verdict.ok).toBe(true);
  });

  it('PB-10: a cap of zero is zero; only "unlimited" is none', () => {
    expect(take(EMPTY, 1, 1n, 0n, [cap(0n)], 0).verdict.ok).toBe(false);
    const rules = {
      ...PRESETS.moderate,
      spendPerHourMsat: 0n as Msat,
      spendPerDayMsat: 'unlimited' as const,
      spendPerActionMsat: 'unlimited' as const,
      spendPerWeekMsat: 'unlimited' as const,
    };
    expect(policyCaps(rules).map(({ setting, capMsat }) => [setting, capMsat])).toEqual([
      ['spend_per_hour_msat', 0n],
    ]);
  });

  it('has caps by action, hour, day, week, advisor and purpose, 50,000 sat a day by default', () => {
    const rules = {
      ...PRESETS.conservative,
      purposePerDayMsat: new Map([['service', 5_000_000n as Msat]]),
    };
    const caps = policyCaps(rules, '7');
    expect(
      caps.map(({ setting, principal, windowMs, capMsat, purpose }) => [
        setting,
        windowMs / HOUR_MS,
        Number(capMsat) / 1000,
        principal,
        purpose,
      ]),
    ).toEqual([
      ['spend_per_action_msat', 0, 10_000, undefined, undefined],
      ['spend_per_hour_msat', 1, 10_000, undefined, undefined],
      ['spend_per_day_msat', 24, 50_000, undefined, undefined],
      ['spend_per_week_msat', 168, 200_000, undefined, undefined],
      ['spend_per_advisor_day_msat', 24, 25_000, '7', undefined],
      ['purpose_per_day_msat', 24, 5_000, undefined, 'service'],
    ]);
    expect(policyCaps(rules).some(({ principal }) => principal !== undefined)).toBe(false);
    const action = caps.filter(({ windowMs }) => windowMs === 0);
    const { book } = take(EMPTY, 1, 10_000_000n, 0n, action, 0);
    expect(take(book, 2, 10_000_000n, 0n, action, 0).verdict.ok).toBe(true);
    expect(take(book, 3, 10_000_000n, 1n, action, 0).verdict).toMatchObject({
      setting: 'spend_per_action_msat',
    });
  });

  it('PB-13: holds in any rolling day, not by calendar, and counts from when the money left', () => {
    const caps = [cap(100n, DAY_MS)];
    let { book } = take(EMPTY, 1, 100n, 0n, caps, 0);
    book = settleEntry(book, '1/spend', { to: 'settled', leftMsat: 100n as Msat }, 1000);
    expect(take(book, 2, 1n, 0n, caps, DAY_MS + 999).verdict.ok).toBe(false);
    expect(take(book, 2, 1n, 0n, caps, DAY_MS + 1000).verdict.ok).toBe(true);
  });

  it('keeps what is unknown for as long as it is', () => {
    const caps = [cap(100n)];
    let { book } = take(EMPTY, 1, 100n, 0n, caps, 0);
    book = settleEntry(book, '1/spend', { to: 'unknown' }, 5);
    expect(take(book, 2, 1n, 0n, caps, 100 * DAY_MS).verdict.ok).toBe(false);
    expect(
      take(settleEntry(book, '1/spend', { to: 'released' }, 9), 2, 1n, 0n, caps, 10).verdict.ok,
    ).toBe(true);
  });

  it('refuses changes that cannot be, and takes repeated ones', () => {
    let { book } = take(EMPTY, 1, 100n, 0n, [], 0);
    const settled: LedgerChange = { to: 'settled', leftMsat: 90n as Msat };
    book = settleEntry(book, '1/spend', settled, 5);
    expect(settleEntry(book, '1/spend', settled, 9)).toEqual(book);
    const wrong: LedgerChange[] = [
      { to: 'released' },
      { to: 'unknown' },
      { to: 'settled', leftMsat: 91n as Msat },
    ];
    for (const change of wrong) {
      try {
        settleEntry(book, '1/spend', change, 9);
        expect.unreachable();
      } catch (error) {
        expect(isCodedError(error, 'ledger_state')).toBe(true);
      }
    }
    expect(() => settleEntry(book, '2/spend', settled, 9)).toThrow('no reservation');
    expect(() => take(book, 1, 1n, 0n, [], 9)).toThrow('reserved already');
  });

  it('PB-09: each principal and each power has its own use', () => {
    const caps = [cap(100n, HOUR_MS, 'a'), cap(150n)];
    const { book } = take(EMPTY, 1, 100n, 0n, caps, 0, 'a');
    expect(take(book, 2, 1n, 0n, caps, 1, 'a').verdict.ok).toBe(false);
    expect(take(book, 2, 50n, 0n, caps, 1, 'b').verdict.ok).toBe(true);
    expect(take(book, 2, 51n, 0n, caps, 1, 'b').verdict.ok).toBe(false);
    expect(grantUse(book).get(1)).toEqual({ spend: 100n, close: 0n, forceClose: 0n });
  });

  it('I4: settled + reserved + unknown stays within the cap at every instant', () => {
    const step = fc.record({
      wait: fc.integer({ min: 0, max: HOUR_MS / 2 }),
      amount: fc.bigInt({ min: 0n, max: 60n }),
      fee: fc.bigInt({ min: 0n, max: 5n }),
      principal: fc.constantFrom('a', 'b'),
      touch: fc.nat(20),
      change: fc.constantFrom<LedgerChange['to']>('settled', 'released', 'unknown'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const caps = [cap(100n), cap(70n, HOUR_MS, 'a'), cap(200n, 3 * HOUR_MS)];
        let book = EMPTY;
        let now = 0;
        const left: { at: number; amount: bigint; principal: string }[] = [];
        for (const [intent, one] of steps.entries()) {
          now += one.wait;
          book = take(book, intent, one.amount, one.fee, caps, now, one.principal).book;
          const key = ledgerKey(one.touch, 'spend');
          const entry = book.get(key);
          if (
            entry?.state === 'reserved' ||
            (entry?.state === 'unknown' && one.change !== 'unknown')
          ) {
            if (one.change === 'settled') {
              left.push({ at: now, amount: entry.amountMsat, principal: entry.principal });
              book = settleEntry(book, key, { to: 'settled', leftMsat: entry.amountMsat }, now);
            } else {
              book = settleEntry(book, key, { to: one.change }, now);
            }
          }
          for (const bound of caps) {
            expect(capUse(book, bound, now).usedMsat <= bound.capMsat).toBe(true);
            // The oracle knows only what really left and when.
            const inWindow = left
              .filter(
                ({ at, principal }) =>
                  at > now - bound.windowMs && (bound.principal ?? principal) === principal,
              )
              .reduce((sum, { amount }) => sum + amount, 0n);
            expect(inWindow <= bound.capMsat).toBe(true);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
