import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JsonObject } from '@cl-hive/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textOf } from './support/advisor.ts';
import { buildKillable, dieAt } from './support/killable.ts';
import { L402Server } from './support/l402-server.ts';
import { channelOf, ownLog, verified } from './support/management.ts';
import type { NodeUnderTest } from './support/node.ts';
import { type PairedNode, withPair } from './support/node-pair.ts';

const base = mkdtempSync(path.join(tmpdir(), 'hive-l402-'));
let killable = '';
beforeAll(async () => {
  killable = await buildKillable('cl-hive-comms', path.join(base, 'cl-hive-comms'));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** A node that may pay, and a server that is paid to the other. */
async function market(
  plugin: string | undefined,
  test: (node: NodeUnderTest, payee: PairedNode, server: L402Server) => Promise<void>,
): Promise<void> {
  const spec = plugin === undefined ? 'cl-hive-comms' : { path: plugin };
  await withPair([spec], async (first, second) => {
    const { node } = first;
    await node.untilState('cl-hive-comms', 'ready');
    await channelOf(first, second);
    await node.call('hive-client-payments', {
      action: 'grant',
      amount_msat: '100000sat',
      until: '30d',
    });
    const server = await L402Server.start(second.node);
    try {
      await test(node, second, server);
    } finally {
      server.stop();
    }
  });
}

const pay = (node: NodeUnderTest, params: JsonObject) => node.call('hive-client-pay', params);

async function codeOf(node: NodeUnderTest, params: JsonObject): Promise<unknown> {
  return ((await node.refusal('hive-client-pay', params)).rpcData as JsonObject)['code'];
}

/** How often each amount arrived, as the payee's node says. */
async function arrived({ node }: PairedNode): Promise<ReadonlyMap<number, number>> {
  const { invoices } = await node.call('listinvoices');
  const counts = new Map<number, number>();
  for (const { status, amount_received_msat: amount } of invoices as readonly JsonObject[]) {
    if (status === 'paid') {
      counts.set(Number(amount), (counts.get(Number(amount)) ?? 0) + 1);
    }
  }
  return counts;
}

/** What lightningd says left, and what the ledger says, which must be the same. */
async function leftMsat(node: NodeUnderTest): Promise<bigint> {
  const { pays } = await node.call('listpays');
  const left = (pays as readonly JsonObject[])
    .filter(({ status }) => status === 'complete')
    .reduce((sum, { amount_sent_msat: sent }) => sum + BigInt(sent as number), 0n);
  const { balances } = await node.call('hive-client-payments');
  const { spent_msat: spent } = balances as JsonObject;
  const settled = Object.values(spent as JsonObject).reduce<bigint>(
    (sum, amount) => sum + BigInt(amount as number),
    0n,
  );
  expect(settled).toBe(left);
  return left;
}

describe('a request that has a price', () => {
  it('is paid for once; its token is used again, and none is paid for what is free', async () => {
    await market(undefined, async (node, payee, server) => {
      const url = server.url('/good/5000');
      expect(await pay(node, { url, dry_run: true })).toMatchObject({
        dry_run: true,
        would: 'pay',
        method: 'l402',
        amount_msat: 5000,
      });
      expect(await leftMsat(node)).toBe(0n);
      const paid = await pay(node, { url, key: 'k' });
      expect(paid).toMatchObject({
        method: 'l402',
        outcome: 'executed',
        result: { answer: { status: 200, body: 'this is /good/5000' } },
      });
      expect(await leftMsat(node)).toBe(5000n);
      const again = { outcome: 'executed', paid: false, result: { answer: { status: 200 } } };
      expect(await pay(node, { url })).toMatchObject(again);
      await node.killPlugin('cl-hive-comms');
      await node.startPlugin('cl-hive-comms');
      await node.untilState('cl-hive-comms', 'ready');
      expect(await pay(node, { url, key: 'k' })).toMatchObject(again);
      expect(await pay(node, { url, dry_run: true })).toMatchObject({
        would: expect.stringMatching(/token/),
      });
      expect(await pay(node, { url: server.url('/free/1') })).toMatchObject({
        paid: false,
        why: 'it costs nothing',
      });
      expect((await arrived(payee)).get(5000)).toBe(1);

      const { tokens } = await node.call('hive-client-tokens');
      expect(tokens).toMatchObject([{ state: 'paid', amount_msat: 5000, valid_until: 4e9 }]);
      const [{ payment_hash: hash = '' } = {}] = tokens as readonly JsonObject[];
      const { pays } = await node.call('listpays', { payment_hash: hash });
      const [{ preimage = '' } = {}] = pays as readonly JsonObject[];
      const { receipts } = await node.call('hive-client-receipts');
      const told = `${JSON.stringify(receipts)}${JSON.stringify(paid)}${ownLog(node)}`;
      expect(told.includes(textOf(preimage))).toBe(false);
      const forget = { action: 'forget', payment_hash: hash };
      expect(await node.call('hive-client-tokens', forget)).toEqual({ forgotten: true });
      expect(await pay(node, { url, key: 'k' })).toMatchObject({ repeated: true });
      expect((await arrived(payee)).get(5000)).toBe(1);
      await verified(node);
    });
  });

  it('is refused before anything is paid, with the reason', async () => {
    await market(undefined, async (node, _payee, server) => {
      const dear = server.url('/good/2000000');
      expect(await codeOf(node, { url: dear })).toBe('price_too_high');
      const cheap = server.url('/good/5000');
      expect(await codeOf(node, { url: cheap, amount_msat: '4sat' })).toBe('price_too_high');
      const payee = `02${'ab'.repeat(32)}`;
      expect(await codeOf(node, { url: cheap, payee })).toBe('challenge_refused');
      expect(await codeOf(node, { url: server.url('/other/5000') })).toBe('challenge_refused');
      expect(await codeOf(node, { url: server.url('/plain/5000') })).toBe('challenge_refused');
      expect(await codeOf(node, { url: server.url('/redirect/1') })).toBe('request_failed');
      for (const url of [
        'http://example.com/',
        'ftp://127.0.0.1/',
        'https://a:b@c.example/',
        'x',
      ]) {
        expect(await codeOf(node, { url })).toBe('order_invalid');
      }
      for (const url of ['https://169.254.169.254/', 'https://[::ffff:169.254.169.254]/']) {
        expect(await codeOf(node, { url })).toBe('request_failed');
      }
      expect(await leftMsat(node)).toBe(0n);
      expect(await node.call('hive-client-tokens')).toEqual({ tokens: [] });
    });
  });

  it('ST-18: that is paid for and not given stops the payer, and the token is kept', async () => {
    await market(undefined, async (node, payee, server) => {
      for (const [at, how] of ['broken', 'loop'].entries()) {
        server.mended = false;
        const url = server.url(`/${how}/${6000 + at}`);
        const purpose = `for-${how}`;
        const answer = await pay(node, { url, purpose });
        expect(answer).toMatchObject({ outcome: 'executed', code: 'paid_no_effect' });
        const other = server.url(`/good/${6100 + at}`);
        expect(await codeOf(node, { url: other, purpose })).toBe('payer_stopped');
        expect((await arrived(payee)).get(6000 + at)).toBe(1);
        const { tokens } = await node.call('hive-client-tokens', { limit: 1 });
        expect(tokens).toMatchObject([{ state: 'paid', trouble: expect.stringMatching(/paid/) }]);
        server.mended = true;
        expect(await pay(node, { url, purpose })).toMatchObject({ paid: false });
        const healed = await node.call('hive-client-tokens', { limit: 1 });
        expect((healed['tokens'] as readonly JsonObject[])[0]?.['trouble']).toBeUndefined();
        expect((await arrived(payee)).get(6000 + at)).toBe(1);
      }
      expect(await leftMsat(node)).toBe(12_001n);
      await verified(node);
    });
  });

  it('whose token is used up is paid for again, never under the same key', async () => {
    await market(undefined, async (node, payee, server) => {
      const url = server.url('/once/7000');
      await pay(node, { url, key: 'first' });
      expect(await pay(node, { url, key: 'first' })).toMatchObject({ repeated: true });
      expect((await arrived(payee)).get(7000)).toBe(1);
      expect(await pay(node, { url, key: 'second' })).toMatchObject({ outcome: 'executed' });
      expect((await arrived(payee)).get(7000)).toBe(2);
      const both = await Promise.all([pay(node, { url }), pay(node, { url: `${url}0` })]);
      expect(both.map(({ outcome }) => outcome)).toEqual(['executed', 'executed']);
      await leftMsat(node);
    });
  });
});

/** Whether the money had left when the process died; `maybe`: lightningd was asked for its mark. */
const PLACES: readonly (readonly [left: 'no' | 'maybe' | 'yes', places: readonly string[]])[] = [
  ['no', ['port:order:before', 'decideOrder:after', 'port:order:after', 'port:start:after']],
  ['no', ['executeEffect:before', 'rpc:datastore:before']],
  ['maybe', ['rpc:datastore:answered', 'rpc:xpay:before']],
  ['yes', ['rpc:xpay:sent', 'rpc:xpay:answered', 'sendInvoice:after', 'executeEffect:after']],
  ['yes', ['port:record:before', 'decideOutcome:after', 'port:record:after']],
];

describe('a plugin that is killed while it pays for a request', () => {
  it('KX-01, I2, I4: pays once, and has what it paid for after the start', async () => {
    await market(killable, async (node, payee, server) => {
      let amount = 20_000;
      let unknown = 0;
      const kill = { name: 'cl-hive-comms', entry: killable } as const;
      for (const [left, places] of PLACES) {
        for (const place of places) {
          amount += 1;
          const wanted = { url: server.url(`/good/${amount}`), key: `k${amount}` };
          await dieAt(node, kill, [place], () => pay(node, wanted));
          if (left === 'maybe') {
            expect(await codeOf(node, wanted), place).toBe('under_way');
            unknown += 1;
          } else {
            expect(await pay(node, wanted), place).toMatchObject({ outcome: 'executed' });
            expect(server.given.get(`/good/${amount}`), place).toBeGreaterThan(0);
          }
          expect((await arrived(payee)).get(amount) ?? 0, place).toBe(left === 'maybe' ? 0 : 1);
        }
      }
      await leftMsat(node);
      const { tokens } = await node.call('hive-client-tokens');
      expect((tokens as JsonObject[]).filter(({ state }) => state === 'paying')).toHaveLength(
        unknown,
      );
      const report = await node.call('hive-client-receipts', { action: 'verify' });
      expect(report).toMatchObject({ ok: true, faults: [] });
    });
  }, 240_000);
});
