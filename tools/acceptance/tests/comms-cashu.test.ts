import type { JsonObject } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import { textOf } from './support/advisor.ts';
import { type LabMint, startLabMint } from './support/lab-mint.ts';
import { channelOf, verified } from './support/management.ts';
import type { NodeUnderTest } from './support/node.ts';
import { type PairedNode, withPair } from './support/node-pair.ts';

/** Two nodes with an amount to pay; a mint over the second, which both trust. */
async function market(
  test: (first: PairedNode, second: PairedNode, mint: LabMint) => Promise<void>,
): Promise<void> {
  await withPair(['cl-hive-comms'], async (first, second) => {
    const mint = await startLabMint(second.node);
    try {
      await channelOf(first, second);
      for (const { node } of [first, second]) {
        await node.untilState('cl-hive-comms', 'ready');
        const grant = { action: 'grant', amount_msat: '1000000sat', until: '30d' };
        await node.call('hive-client-payments', grant);
        await node.call('hive-client-mints', { action: 'add', mint: mint.url, private: true });
      }
      await test(first, second, mint);
    } finally {
      await mint.close();
    }
  });
}

const wallet = (node: NodeUnderTest, action: string, params: JsonObject = {}) =>
  node.call('hive-client-wallet', { action, ...params });

async function holds(node: NodeUnderTest): Promise<number> {
  const { mints } = await wallet(node, 'balance');
  return (mints as readonly JsonObject[])
    .flatMap((one) => [one['spendable_msat'], one['held_msat'], one['sent_msat']])
    .reduce<number>((sum, msat) => sum + Number(msat) / 1000, 0);
}

async function leftByLedger(node: NodeUnderTest): Promise<JsonObject> {
  const { balances } = await node.call('hive-client-payments');
  return (balances as JsonObject)['spent_msat'] as JsonObject;
}

describe('the Cashu wallet of a node', () => {
  it('buys, sends, receives and pays; node, mint and ledger agree', async () => {
    await market(async (first, second, mint) => {
      const { node } = first;
      const at = { mint: mint.url };
      const dry = await wallet(node, 'mint', { ...at, amount_msat: '1000sat', dry_run: true });
      expect(dry).toMatchObject({ dry_run: true, allowed: true, amount_msat: 1_000_000 });
      const buy = { ...at, amount_msat: '1000sat', key: 'one' };
      const bought = await wallet(node, 'mint', buy);
      expect(bought).toMatchObject({
        operation: { state: 'done' },
        payment: { outcome: 'executed' },
      });
      expect(await wallet(node, 'mint', buy)).toMatchObject({ operation: { state: 'done' } });
      expect([await holds(node), mint.mint.outstanding]).toEqual([1000, 1000]);

      const give = { ...at, amount_msat: '300sat', key: 'gift' };
      const sent = await wallet(node, 'send', give);
      const token = textOf(sent['token']);
      expect(textOf((await wallet(node, 'send', give))['token'])).toBe(token);
      const taken = await wallet(second.node, 'receive', { token });
      expect(taken).toMatchObject({ operation: { state: 'done' } });
      const again = await wallet(second.node, 'receive', { token });
      expect(again).toMatchObject({ operation: { state: 'void' } });

      const home = await wallet(second.node, 'melt', { ...at, amount_msat: '100sat' });
      expect(home).toMatchObject({ operation: { state: expect.stringMatching(/done|void/) } });
      const invoice = await node.call('invoice', {
        amount_msat: '50sat',
        label: 'paid by the mint',
        description: '',
      });
      const melt = { ...at, invoice: textOf(invoice['bolt11']), key: 'bill' };
      const paid = await wallet(second.node, 'melt', melt);
      expect(paid).toMatchObject({ payment: { outcome: 'executed' } });
      const more = await node.call('invoice', {
        amount_msat: '20sat',
        label: 'paid by hive-client-pay',
        description: '',
      });
      const bill = { invoice: textOf(more['bolt11']), mint: mint.url, method: 'cashu' };
      expect(await second.node.call('hive-client-pay', bill)).toMatchObject({
        outcome: 'executed',
        method: 'cashu',
      });
      await wallet(node, 'look');
      await wallet(second.node, 'look');
      expect((await holds(node)) + (await holds(second.node))).toBe(mint.mint.outstanding);
      expect(await leftByLedger(node)).toMatchObject({ cashu: expect.anything() });
      await verified(node);
      await verified(second.node);
    });
  });

  it('pays nothing without a grant, of no mint but those that are listed', async () => {
    await withPair(['cl-hive-comms'], async ({ node }, second) => {
      await node.untilState('cl-hive-comms', 'ready');
      const mint = await startLabMint(second.node);
      try {
        const refusal = async (params: JsonObject): Promise<unknown> =>
          ((await node.refusal('hive-client-wallet', params)).rpcData as JsonObject)['code'];
        const buy = { action: 'mint', mint: mint.url, amount_msat: '10sat' };
        expect(await refusal(buy)).toBe('mint_unlisted');
        const { rpcData } = await node.refusal('hive-client-mints', {
          action: 'add',
          mint: mint.url,
        });
        expect(rpcData).toMatchObject({ code: 'mint_url' });
        await node.call('hive-client-mints', { action: 'add', mint: mint.url, private: true });
        expect(await refusal(buy)).toBe('paying_off');
        const { operations } = await wallet(node, 'balance');
        expect(operations).toMatchObject([{ kind: 'mint', state: 'void' }]);
        const send = { action: 'send', mint: mint.url, amount_msat: '10sat' };
        expect(await refusal(send)).toBe('paying_off');
        const grant = { action: 'grant', amount_msat: '100sat', until: '30d' };
        await node.call('hive-client-payments', grant);
        expect(await refusal(send)).toBe('balance_low');
        expect(await refusal({ ...buy, amount_msat: '1000sat' })).toMatch(/grant|limit|over|spend/);
        expect(mint.mint.outstanding).toBe(0);
      } finally {
        await mint.close();
      }
    });
  });
});

describe('an escrow ticket', () => {
  it('is locked, earned by evidence and redeemed; what is not earned waits for its locktime', async () => {
    await market(async (first, second, mint) => {
      const payer = first.node;
      const payee = second.node;
      const escrow = (node: NodeUnderTest, action: string, params: JsonObject = {}) =>
        node.call('hive-client-escrow', { action, ...params });
      const refusal = async (node: NodeUnderTest, params: JsonObject): Promise<unknown> =>
        ((await node.refusal('hive-client-escrow', params)).rpcData as JsonObject)['code'];
      await wallet(payer, 'mint', { mint: mint.url, amount_msat: '2000sat' });
      const { receiver_key: key } = await escrow(payee, 'list');
      const digest = '5a'.repeat(32);
      const made = await escrow(payer, 'create', {
        mint: mint.url,
        receiver_key: key ?? null,
        kind: 'batch',
        hours: 2,
        parts: [
          { task: 'fees', digest, danger: 4, reputation: 'trusted' },
          { task: 'report', digest: '5b'.repeat(32), amount_msat: '100sat' },
        ],
      });
      const ticket = textOf(made['ticket']);
      expect(made).toMatchObject({ funding: 'planned', amount_msat: 115_000 });
      expect(await escrow(payer, 'fund', { ticket, dry_run: true })).toMatchObject({
        funding: 'planned',
      });
      const funded = await escrow(payer, 'fund', { ticket });
      expect(funded).toMatchObject({ funding: 'funded', secrets: [null, null] });
      const offer = funded['offer'] as JsonObject;
      expect(await escrow(payee, 'take', { offer })).toMatchObject({ taken: 'held' });
      expect(await refusal(payee, { action: 'redeem', ticket })).toBe('secret_missing');
      expect(await refusal(payee, { action: 'redeem', ticket, secret: '00'.repeat(32) })).toBe(
        'secret_differs',
      );
      expect(await refusal(payer, { action: 'refund', ticket })).toBe('before_locktime');
      const receipt = '77'.repeat(32);
      const wrong = { receipt, done: '5c'.repeat(32) };
      expect(await refusal(payer, { action: 'release', ticket, evidence: wrong })).toBe(
        'evidence_of_other_task',
      );
      const released = await escrow(payer, 'release', {
        ticket,
        evidence: { receipt, done: digest },
      });
      const [secret] = released['secrets'] as readonly string[];
      const redeemed = await escrow(payee, 'redeem', { ticket, secret: secret ?? null });
      expect(redeemed).toMatchObject({ parts: [{ state: 'redeemed' }, { state: 'held' }] });
      expect(await holds(payee)).toBe(14);
      expect(await refusal(payee, { action: 'take', offer })).toBe('ticket_known');
      await wallet(payer, 'look');
      expect((await holds(payer)) + (await holds(payee))).toBe(mint.mint.outstanding);
      await verified(payer);
      await verified(payee);
    });
  });
});
