import { hexToBytes, nodeId } from '@cl-hive/core';
import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesField, makeInvoice, PAYEE, SECRET, sat, textField } from '../../tests/support.ts';
import { beginL402, type L402Input, type L402State, stepL402 } from './client.ts';
import { mintMacaroon } from './token.ts';

const preimage = '0b'.repeat(32);
const hash = sha256(hexToBytes(preimage));
const question = {
  network: 'regtest' as const,
  self: nodeId('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'),
  payee: nodeId(PAYEE),
  maxMsat: sat(1000),
  now: 1_800_000_000,
};
const token = (paymentHash: string) =>
  mintMacaroon(
    new Uint8Array(32),
    { paymentHash, tokenId: '0c'.repeat(32) },
    { service: 's', schema: 'x', payer: 'p', count: 1, validUntil: 9 },
  );
const macaroon = token(Buffer.from(hash).toString('hex'));
const invoice = (prefix: string) =>
  makeInvoice([bytesField('p', hash), SECRET, textField('x')], { prefix });
const wants = (prefix = 'lnbcrt10u', mac = macaroon): L402Input => ({
  kind: 'response',
  response: {
    kind: 'payment_required',
    challenge: { macaroon: mac, invoice: invoice(prefix) },
  },
});
const given: L402Input = { kind: 'response', response: { kind: 'given' } };
const failed: L402Input = { kind: 'response', response: { kind: 'failed', why: '500' } };
const asking: L402State = { stage: 'asking', token: undefined };

function run(inputs: readonly L402Input[], from = beginL402(undefined)) {
  return inputs.reduce((step, input) => {
    const next = stepL402(step.state, input, question);
    return { state: next.state, commands: [...step.commands, ...next.commands] };
  }, from);
}

describe('a resource behind L402', () => {
  it('is asked for, paid for once, asked for again with the token, which is kept', () => {
    const { state, commands } = run([wants(), { kind: 'paid', preimage }, given]);
    expect(commands.map(({ kind }) => kind)).toEqual(['request', 'pay', 'keep', 'request']);
    expect(commands[1]).toMatchObject({ amountMsat: sat(1000) });
    expect(state).toEqual({ stage: 'given', token: { macaroon, preimage } });
  });

  it('is not paid for when it is free, or paid for already', () => {
    expect(run([given])).toMatchObject({ state: { stage: 'given' }, commands: [{}] });
    const held = { macaroon, preimage };
    expect(run([given], beginL402(held)).commands).toEqual([{ kind: 'request', token: held }]);
  });

  it('pays anew for a token that ran out, and forgets that one', () => {
    const held = { macaroon, preimage };
    const { commands } = run([wants()], beginL402(held));
    expect(commands.map(({ kind }) => kind)).toEqual(['request', 'forget', 'pay']);
  });

  it('ST-18: a server that asks again after payment is not paid again; the token is kept', () => {
    const paidThenAsked = run([wants(), { kind: 'paid', preimage }, wants('lnbcrt1m')]);
    expect(paidThenAsked.state).toMatchObject({
      stage: 'refused',
      reason: 'paid_but_asked_again',
      token: { macaroon, preimage },
    });
    expect(paidThenAsked.commands.filter(({ kind }) => kind === 'pay')).toHaveLength(1);
    expect(paidThenAsked.commands.at(-1)).toEqual({
      kind: 'alert',
      reason: 'paid_but_asked_again',
    });
  });

  it('says and keeps what was paid for when the server then fails', () => {
    const { state, commands } = run([wants(), { kind: 'paid', preimage }, failed]);
    expect(state).toMatchObject({ reason: 'paid_but_failed', token: { macaroon } });
    expect(commands.at(-1)).toEqual({ kind: 'alert', reason: 'paid_but_failed' });
    expect(run([failed], beginL402({ macaroon, preimage })).state).toMatchObject({
      reason: 'paid_but_failed',
      token: { macaroon },
    });
  });

  it.each<[string, L402Input]>([
    ['server_failed', failed],
    ['price_too_high', wants('lnbcrt10010n')],
    ['amount_missing', wants('lnbcrt')],
    ['wrong_network', wants('lnbc10u')],
    ['invoice_of_other_token', wants('lnbcrt10u', token('0e'.repeat(32)))],
    ['challenge_malformed', wants('lnbcrt10u', Uint8Array.of(1))],
    [
      'challenge_malformed',
      { kind: 'response', response: { kind: 'payment_required', challenge: undefined } },
    ],
    [
      'invoice_invalid',
      {
        kind: 'response',
        response: { kind: 'payment_required', challenge: { macaroon, invoice: 'lnbcrt1x' } },
      },
    ],
  ])('is not paid for: %s', (reason, input) => {
    const { state, commands } = stepL402(asking, input, question);
    expect(state).toEqual({ stage: 'refused', reason, token: undefined });
    expect(commands).toEqual([]);
  });

  it.each<[string, L402Input]>([
    ['payment_unknown', { kind: 'not_paid', outcome: 'unknown' }],
    ['payment_failed', { kind: 'not_paid', outcome: 'failed' }],
    ['preimage_differs', { kind: 'paid', preimage: '0c'.repeat(32) }],
  ])('is not asked for again: %s', (reason, input) => {
    expect(run([wants(), input]).state).toMatchObject({ stage: 'refused', reason });
  });

  it('I4: never pays twice or more than allowed, whatever is answered', () => {
    const input = fc.constantFrom<L402Input>(
      wants(),
      wants('lnbcrt1m'),
      given,
      failed,
      ...([
        { kind: 'paid', preimage },
        { kind: 'not_paid', outcome: 'unknown' },
        { kind: 'not_paid', outcome: 'failed' },
      ] as const),
    );
    fc.assert(
      fc.property(fc.array(input, { maxLength: 12 }), fc.boolean(), (inputs, held) => {
        const { commands } = run(inputs, beginL402(held ? { macaroon, preimage } : undefined));
        const payments = commands.filter((command) => command.kind === 'pay');
        expect(payments.length).toBeLessThanOrEqual(1);
        expect(payments.every(({ amountMsat }) => amountMsat <= question.maxMsat)).toBe(true);
      }),
    );
  });
});
