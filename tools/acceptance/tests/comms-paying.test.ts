import type { JsonObject } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import { textOf } from './support/advisor.ts';
import { channelOf, verified } from './support/management.ts';
import type { NodeUnderTest } from './support/node.ts';
import { type PairedNode, withPair } from './support/node-pair.ts';

/** Both nodes with an amount to pay, and both with something to pay with. */
async function market(
  test: (first: PairedNode, second: PairedNode) => Promise<void>,
): Promise<void> {
  await withPair(['cl-hive-comms'], async (first, second) => {
    for (const { node } of [first, second]) {
      await node.untilState('cl-hive-comms', 'ready');
    }
    await channelOf(first, second);
    await test(first, second);
  });
}

const grant = (node: NodeUnderTest, amount: string, more: JsonObject = {}) =>
  node.call('hive-client-payments', {
    action: 'grant',
    amount_msat: amount,
    until: '30d',
    ...more,
  });

const pay = (node: NodeUnderTest, params: JsonObject) => node.call('hive-client-pay', params);

async function refusedFor(node: NodeUnderTest, params: JsonObject): Promise<unknown> {
  return ((await node.refusal('hive-client-pay', params)).rpcData as JsonObject)['code'];
}

async function invoiceOf(
  node: NodeUnderTest,
  amount: string | undefined,
  key: string,
): Promise<string> {
  const made = await node.call('hive-client-invoice', {
    ...(amount === undefined ? {} : { amount_msat: amount }),
    description: 'a thing',
    key,
  });
  return textOf(made['bolt11']);
}

/** What lightningd says left, over all payments that were made. */
async function leftByNode({ node }: PairedNode): Promise<bigint> {
  const { pays } = await node.call('listpays');
  return (pays as readonly JsonObject[])
    .filter(({ status }) => status === 'complete')
    .reduce((sum, { amount_sent_msat: sent }) => sum + BigInt(sent as number), 0n);
}

/** What the ledger says left. */
async function leftByLedger({ node }: PairedNode): Promise<bigint> {
  const { balances } = await node.call('hive-client-payments');
  const { spent_msat: spent } = balances as JsonObject;
  return Object.values(spent as JsonObject).reduce<bigint>(
    (sum, amount) => sum + BigInt(amount as number),
    0n,
  );
}

describe('a payment of the operator', () => {
  it('is off until it is granted, says before what it would do, and is made once', async () => {
    await market(async (first, second) => {
      const { node } = first;
      const invoice = await invoiceOf(second.node, '40000sat', 'one');
      expect(await invoiceOf(second.node, '40000sat', 'one')).toBe(invoice);
      const twice = { amount_msat: '2sat', description: 'a thing', key: 'one' };
      expect((await second.node.refusal('hive-client-invoice', twice)).rpcData).toMatchObject({
        code: 'idempotency_conflict',
      });

      expect(await refusedFor(node, { invoice })).toBe('paying_off');
      const off = await pay(node, { invoice, dry_run: true });
      expect(off).toMatchObject({ would: 'refuse', code: 'paying_off', amount_msat: 40_000_000 });
      await grant(node, '1000000sat');
      expect(await refusedFor(node, { invoice })).toBe('budget_cap');
      const settings = { spend_per_action_msat: 'unlimited', spend_per_hour_msat: 'unlimited' };
      await node.call('hive-client-policy', { action: 'set', settings });

      const dry = await pay(node, { invoice, dry_run: true });
      expect(dry).toMatchObject({
        dry_run: true,
        would: 'pay',
        method: 'bolt11',
        payee: second.id,
        max_fee_msat: 400_000,
        route: { found: true, hops: 1 },
        limits: [
          { setting: 'spend_per_day_msat', left_msat: 50_000_000 },
          { setting: 'spend_per_week_msat', left_msat: 200_000_000 },
        ],
        grants: [{ grant: 1, left_msat: 1_000_000_000 }],
      });
      expect(await leftByNode(first)).toBe(0n);
      expect(await pay(node, { invoice, key: 'k' })).toMatchObject({
        outcome: 'executed',
        method: 'bolt11',
        why: expect.stringContaining('invoice'),
        result: { status: 'complete', amount_msat: 40_000_000 },
      });
      expect(await pay(node, { invoice, key: 'k' })).toMatchObject({
        outcome: 'executed',
        repeated: true,
      });
      expect(await refusedFor(node, { invoice })).toBe('already_paid');
      const more = await invoiceOf(second.node, '10001sat', 'two');
      expect(await refusedFor(node, { invoice: more })).toBe('budget_cap');
      expect(await refusedFor(node, { invoice: more, key: 'k' })).toBe('idempotency_conflict');
      expect(await invoiceOf(second.node, '40000sat', 'one')).toBe(invoice);

      expect(await leftByLedger(first)).toBe(await leftByNode(first));
      const shown = await node.call('hive-client-payments');
      expect(shown).toMatchObject({
        paying: 'on',
        methods: expect.arrayContaining(['bolt11', 'bolt12']),
        stopped: [],
        unknown: [],
        history: [{ advisor: 'operator', method: 'bolt11', purpose: 'payment', state: 'settled' }],
      });
      await node.call('hive-client-payments', { action: 'end_grant', grant: 1 });
      expect(await refusedFor(node, { invoice: more })).toBe('paying_off');
      await verified(node);
    });
  });

  it('of an invoice or an offer: both nodes pay each other, the ledgers are what the nodes say', async () => {
    await market(async (first, second) => {
      const open = {
        spend_per_action_msat: 'unlimited',
        spend_per_hour_msat: 'unlimited',
        spend_per_day_msat: 'unlimited',
      };
      for (const { node } of [first, second]) {
        await node.call('hive-client-policy', { action: 'set', settings: open });
        await grant(node, '500000sat');
      }
      const whatever = await invoiceOf(second.node, undefined, 'any');
      expect(await refusedFor(first.node, { invoice: whatever })).toBe('amount_missing');
      const paid = await pay(first.node, { invoice: whatever, amount_msat: '60000001msat' });
      expect(paid).toMatchObject({ outcome: 'executed', method: 'bolt11' });

      const sold = await second.node.call('hive-client-offer', {
        amount_msat: '1500msat',
        description: 'a thing',
        quantity_max: 10,
        key: 'things',
      });
      const bought = { offer: textOf(sold['offer']), quantity: 3, payer_note: 'thanks' };
      expect(await pay(first.node, { ...bought, dry_run: true })).toMatchObject({
        would: 'pay',
        method: 'bolt12',
        amount_msat: 4500,
      });
      expect(await pay(first.node, bought)).toMatchObject({
        outcome: 'executed',
        method: 'bolt12',
        result: { amount_msat: 4500 },
      });
      expect(await refusedFor(first.node, { ...bought, amount_msat: '4501msat' })).toBe(
        'amount_differs',
      );
      expect(await refusedFor(first.node, { ...bought, quantity: 11 })).toBe('offer_invalid');
      expect(await refusedFor(first.node, { ...bought, payee: first.id })).toBe('wrong_payee');

      const gift = await first.node.call('hive-client-offer', { description: 'as you like' });
      const offer = textOf(gift['offer']);
      expect(await refusedFor(second.node, { offer })).toBe('amount_missing');
      expect(await pay(second.node, { offer, amount_msat: '20000sat' })).toMatchObject({
        outcome: 'executed',
        method: 'bolt12',
      });
      const back = await invoiceOf(first.node, '10000sat', 'back');
      expect(await pay(second.node, { invoice: back, payee: first.id })).toMatchObject({
        outcome: 'executed',
      });
      await first.node.call('hive-client-offer', {
        action: 'disable',
        offer_id: textOf(gift['offer_id']),
      });
      expect(await refusedFor(second.node, { offer, amount_msat: '1sat' })).toBe('offer_invalid');
      expect(await refusedFor(first.node, { offer, amount_msat: '1sat' })).toBe('own_invoice');
      for (const one of [first, second]) {
        expect(await leftByLedger(one)).toBe(await leftByNode(one));
        await verified(one.node);
      }
    });
  });
});
