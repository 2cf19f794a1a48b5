import type { Msat } from '@cl-hive/core';
import { nodeId } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import { BASIC, makeInvoice, PAYEE, sat } from '../../tests/support.ts';
import { readInvoice } from './invoice.ts';
import { judgeInvoice, type PayableQuestion } from './payable.ts';

const SELF = nodeId('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798');
const NOW = 1_800_000_100;
const question: PayableQuestion = {
  network: 'regtest',
  self: SELF,
  payee: nodeId(PAYEE),
  amountMsat: undefined,
  now: NOW,
};
const invoice = readInvoice(makeInvoice(BASIC));
const open = readInvoice(makeInvoice(BASIC, { prefix: 'lnbcrt' }));

describe('judgeInvoice', () => {
  it('pays what the invoice asks, or what was chosen where it asks nothing', () => {
    expect(judgeInvoice(invoice, question)).toEqual({ ok: true, amountMsat: sat(1000) });
    expect(judgeInvoice(invoice, { ...question, amountMsat: sat(1000) }).ok).toBe(true);
    expect(judgeInvoice(open, { ...question, amountMsat: sat(5) })).toEqual({
      ok: true,
      amountMsat: sat(5),
    });
  });

  it.each<[string, Partial<PayableQuestion>]>([
    ['wrong_network', { network: 'bitcoin' }],
    ['own_invoice', { self: nodeId(PAYEE) }],
    ['wrong_payee', { payee: SELF }],
    ['expired', { now: 1_800_003_591 }],
    ['from_the_future', { now: 1_799_999_699 }],
    ['amount_differs', { amountMsat: (sat(1000) + 1n) as Msat }],
    ['amount_differs', { amountMsat: (sat(1000) - 1n) as Msat }],
  ])('ST-19: %s', (reason, change) => {
    expect(judgeInvoice(invoice, { ...question, ...change })).toEqual({ ok: false, reason });
  });

  it('ST-19: an invoice without an amount is not paid with a guessed one', () => {
    expect(judgeInvoice(open, question)).toEqual({ ok: false, reason: 'amount_missing' });
  });

  it('pays until ten seconds before the end, and within the skew of clocks', () => {
    expect(judgeInvoice(invoice, { ...question, now: 1_800_003_590 }).ok).toBe(true);
    expect(judgeInvoice(invoice, { ...question, now: 1_799_999_700 }).ok).toBe(true);
  });

  it('testnet4 has the prefix of testnet', () => {
    const test = readInvoice(makeInvoice(BASIC, { prefix: 'lntb10u' }));
    expect(judgeInvoice(test, { ...question, network: 'testnet4' }).ok).toBe(true);
  });
});
