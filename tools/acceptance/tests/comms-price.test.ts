import { createHash, createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JsonObject } from '@cl-hive/core';
import { afterAll, describe, expect, it } from 'vitest';
import { Advisor, textOf } from './support/advisor.ts';
import { buildKillable, dieAt } from './support/killable.ts';
import { channelOf, feeOf, INFO, ownLog, setFee, verified } from './support/management.ts';
import { type PairedNode, withPair } from './support/node-pair.ts';

/** Pays a challenge from another node and gives the token, with nothing of the plugin's code. */
async function payFor({ node }: PairedNode, challenge: JsonObject): Promise<string> {
  const paid = await node.call('xpay', { invstring: textOf(challenge['invoice']) });
  const preimage = textOf(paid['payment_preimage']);
  const hash = createHash('sha256').update(Buffer.from(preimage, 'hex')).digest('hex');
  expect(hash).toBe(challenge['payment_hash']);
  return `L402 ${textOf(challenge['macaroon'])}:${preimage}`;
}

/** The token under one more condition, made by hand: version 2 ends in `00 06 20 <signature>`. */
function attenuated(token: string, condition: string): string {
  const [macaroon = '', preimage = ''] = token.slice('L402 '.length).split(':');
  const bytes = Buffer.from(macaroon, 'base64');
  const text = Buffer.from(condition);
  const signature = createHmac('sha256', bytes.subarray(-32)).update(text).digest();
  const longer = Buffer.concat([
    bytes.subarray(0, -35),
    Buffer.from([2, text.length]),
    text,
    Buffer.from([0, 0, 6, 32]),
    signature,
  ]);
  return `L402 ${longer.toString('base64')}:${preimage}`;
}

const codeOf = (answer: JsonObject): unknown =>
  (answer['reason'] as JsonObject | undefined)?.['code'] ?? answer['outcome'];

describe('a node that asks a price', () => {
  it('is paid by another node and serves as often as was paid for, also after a restart', async () => {
    await withPair(['cl-hive-comms'], async (first, second) => {
      const { node } = first;
      await node.untilState('cl-hive-comms', 'ready');
      const channel = await channelOf(second, first);
      const alice = await Advisor.authorize(node, 'alice', { mode: 'act' });
      const price = (params: JsonObject) => node.call('hive-client-price', params);

      expect(await price({})).toMatchObject({ asking: false, uses: 1, valid_seconds: 86_400 });
      expect(codeOf(await alice.ask(setFee(channel, 111)))).toBe('executed');
      await price({ action: 'set', danger: 2, amount_msat: '20sat', uses: 2, valid: '1h' });
      await price({ action: 'on' });
      expect(codeOf(await alice.ask(INFO))).toBe('executed');

      const asked = await alice.ask(setFee(channel, 222));
      expect(asked).toMatchObject({ outcome: 'refused', reason: { code: 'payment_required' } });
      const challenge = asked['result'] as JsonObject;
      expect(challenge).toMatchObject({ scheme: 'L402', amount_msat: 30_000, uses: 2 });
      expect(await feeOf(first, second)).toBe(111);
      const again = (await alice.ask(setFee(channel, 223)))['result'];
      expect(again).toEqual(challenge);
      expect(
        await node.call('listinvoices', { payment_hash: textOf(challenge['payment_hash']) }),
      ).toMatchObject({ invoices: [{ status: 'unpaid' }] });

      const unpaid = `L402 ${textOf(challenge['macaroon'])}:${'00'.repeat(32)}`;
      expect(codeOf(await alice.ask({ ...setFee(channel, 224), l402: unpaid }))).toBe(
        'payment_required',
      );
      const l402 = await payFor(second, challenge);
      const bound = attenuated(l402, 'hive_count=1');
      const ended = attenuated(l402, 'hive-comms_valid_until=1700000000');
      expect(codeOf(await alice.ask({ ...setFee(channel, 225), l402: ended }))).toBe(
        'payment_required',
      );
      const paid = alice.signed({ ...setFee(channel, 226), l402: bound });
      expect(codeOf(await alice.send(paid))).toBe('executed');
      expect(codeOf(await alice.send(paid))).toBe('executed');
      expect(await feeOf(first, second)).toBe(226);
      expect(codeOf(await alice.ask({ ...setFee(channel, 227), l402: bound }))).toBe(
        'payment_required',
      );

      const bob = await Advisor.authorize(node, 'bob', { mode: 'act' });
      expect(codeOf(await bob.ask({ ...setFee(channel, 228), l402 }))).toBe('payment_required');
      await node.killPlugin('cl-hive-comms');
      await node.startPlugin('cl-hive-comms');
      await node.untilState('cl-hive-comms', 'ready');
      const envelope = alice.signed(setFee(channel, 229));
      const beside = await node.call('hive-comms-rpc', { envelope, l402 });
      expect(codeOf(beside)).toBe('executed');
      expect(await feeOf(first, second)).toBe(229);
      expect(codeOf(await alice.ask({ ...setFee(channel, 230), l402 }))).toBe('payment_required');

      await price({ action: 'reputation', advisor: 'alice', reputation: 'senior' });
      const known = (await alice.ask(setFee(channel, 231)))['result'];
      expect(known).toMatchObject({ amount_msat: 10_000 });
      await price({ action: 'off' });
      expect(codeOf(await alice.ask(setFee(channel, 232)))).toBe('executed');
      expect(ownLog(node)).not.toContain(l402.split(':')[1]);
      await verified(node);
    });
  });
});

const base = mkdtempSync(path.join(tmpdir(), 'hive-price-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** Where the process dies, and what the same request is told afterwards. */
const PLACES: readonly (readonly [place: string, told: string])[] = [
  ['port:toll:after', 'executed'],
  ['port:claim:before', 'executed'],
  ['decideClaim:after', 'executed'],
  ['port:claim:after', 'not_started'],
  ['port:start:before', 'not_started'],
  ['rpc:setchannel:answered', 'executed'],
  ['port:record:before', 'executed'],
  ['port:record:after', 'executed'],
  ['port:answered:after', 'executed'],
];
const USES = 9;

describe('a node that is killed while it serves what was paid for', () => {
  it('KX-01, I2: counts a use for each request that had its effect, and for no other', async () => {
    const plugin = await buildKillable('cl-hive-comms', path.join(base, 'cl-hive-comms'));
    await withPair([{ path: plugin }], async (first, second) => {
      const { node } = first;
      await node.untilState('cl-hive-comms', 'ready');
      const channel = await channelOf(second, first);
      const alice = await Advisor.authorize(node, 'alice', { mode: 'act' });
      await node.call('hive-client-policy', { action: 'preset', preset: 'aggressive' });
      await node.call('hive-client-price', { action: 'set', uses: USES });
      await node.call('hive-client-price', { action: 'on' });
      const asked = await alice.ask(setFee(channel, 100));
      const l402 = await payFor(second, asked['result'] as JsonObject);
      const kill = { name: 'cl-hive-comms', entry: plugin } as const;
      let executed = 0;
      for (const [at, [place, told]] of PLACES.entries()) {
        const request = alice.signed({ ...setFee(channel, 110 + at), l402 });
        await dieAt(node, kill, [place], () => alice.send(request));
        const answer = await alice.send(request);
        expect(codeOf(answer), `${place}: ${JSON.stringify(answer)}`).toBe(told);
        executed += told === 'executed' ? 1 : 0;
        if (told === 'executed') {
          expect(await feeOf(first, second), place).toBe(110 + at);
        }
      }
      for (; executed < USES; executed += 1) {
        const next = setFee(channel, 130 + executed);
        expect(codeOf(await alice.ask({ ...next, l402 }))).toBe('executed');
      }
      const over = await alice.ask({ ...setFee(channel, 150), l402 });
      expect(codeOf(over)).toBe('payment_required');
      await verified(node);
    });
  }, 120_000);
});
