import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addHtlc,
  endHtlc,
  type Keeps,
  type Ledger,
  openLedger,
  resize,
  type SideNumber,
  spendable,
} from '../../src/world/ledger.ts';

const KEEPS: Keeps = { reserveMsat: 1_000n, feeBufferMsat: 500n };

function total(ledger: Ledger): bigint {
  return (
    ledger.balances[0] +
    ledger.balances[1] +
    ledger.htlcs.reduce((sum, htlc) => sum + htlc.amountMsat, 0n)
  );
}

const side = fc.constantFrom<SideNumber>(0, 1);
const step = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), side, amount: fc.bigInt(-5n, 60_000n) }),
  fc.record({ kind: fc.constant('end' as const), side, id: fc.nat(20), fulfilled: fc.boolean() }),
);

describe('a channel’s ledger', () => {
  it('keeps every msat, and no side below zero, whatever happens in whatever order', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 50_000n), fc.array(step, { maxLength: 60 }), (push, steps) => {
        let ledger = openLedger(50_000n, push);
        for (const action of steps) {
          if (action.kind === 'add') {
            const before = spendable(ledger, action.side, KEEPS);
            const added = addHtlc(
              ledger,
              action.side,
              { amountMsat: action.amount, paymentHash: '', expiry: 1 },
              KEEPS,
            );
            expect(added.ok).toBe(action.amount > 0n && action.amount <= before);
            ledger = added.ok ? added.value.ledger : ledger;
          } else {
            ledger = endHtlc(ledger, action.side, action.id, action.fulfilled);
          }
          expect(total(ledger)).toBe(50_000n);
          expect(ledger.balances.every((balance) => balance >= 0n)).toBe(true);
        }
      }),
    );
  });

  it('never lends an HTLC’s id twice, and ends each once', () => {
    let ledger = openLedger(50_000n, 20_000n);
    for (const id of [0, 1]) {
      const added = addHtlc(ledger, 0, { amountMsat: 10n, paymentHash: '', expiry: 1 }, KEEPS);
      expect(added.ok && added.value.htlc.id).toBe(id);
      ledger = added.ok ? added.value.ledger : ledger;
      const ended = endHtlc(ledger, 0, id, true);
      expect(endHtlc(ended, 0, id, true)).toEqual(ended);
      ledger = ended;
    }
    expect(ledger.balances).toEqual([29_980n, 20_020n]);
  });

  it('takes at most 483 HTLCs of a side', () => {
    let ledger = openLedger(1_000_000n, 0n);
    for (let i = 0; i < 483; i += 1) {
      const added = addHtlc(ledger, 0, { amountMsat: 1n, paymentHash: '', expiry: 1 }, KEEPS);
      ledger = added.ok ? added.value.ledger : ledger;
    }
    expect(addHtlc(ledger, 0, { amountMsat: 1n, paymentHash: '', expiry: 1 }, KEEPS)).toEqual({
      ok: false,
      error: 'htlcs',
    });
  });

  it('refuses to be opened or resized out of range', () => {
    expect(() => openLedger(10n, 11n)).toThrow(RangeError);
    expect(() => openLedger(10n, -1n)).toThrow(RangeError);
    expect(() => resize(openLedger(10n, 5n), 0, -6n)).toThrow(RangeError);
    expect(resize(openLedger(10n, 5n), 0, -5n)).toMatchObject({
      capacityMsat: 5n,
      balances: [0n, 5n],
    });
  });
});
