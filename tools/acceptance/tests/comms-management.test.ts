import type { JsonObject } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import { Advisor } from './support/advisor.ts';
import type { NodeUnderTest } from './support/node.ts';
import { type PairedNode, withPair } from './support/node-pair.ts';

const ACT = { mode: 'act' } as const;

async function channelOf({ node }: PairedNode, peer: PairedNode): Promise<JsonObject> {
  let found: JsonObject | undefined;
  await node.until('the channel is open', async () => {
    const { channels } = await node.call('listpeerchannels', { id: peer.id });
    [found] = channels as readonly JsonObject[];
    return found?.['state'] === 'CHANNELD_NORMAL' && found['short_channel_id'] !== undefined;
  });
  return found ?? {};
}

async function feeOf(pair: PairedNode, peer: PairedNode): Promise<unknown> {
  const { updates } = await channelOf(pair, peer);
  return ((updates as JsonObject)['local'] as JsonObject)['fee_proportional_millionths'];
}

async function verified(node: NodeUnderTest): Promise<JsonObject> {
  const report = await node.call('hive-client-receipts', { action: 'verify', signatures: 'all' });
  expect(report).toMatchObject({ ok: true, faults: [], open_requests: [], unsigned: 0 });
  return report;
}

const setFee = (channel: JsonObject, feePpm: number) => ({
  schema: 'hive:fee-policy/v1',
  action: 'set_single',
  params: { channel_id: String(channel['short_channel_id']), fee_ppm: feePpm },
});

const INFO = { schema: 'hive:monitor/v1', action: 'get_info' };

describe('an advisor with a token', () => {
  it('reads, proposes, and changes a fee once it may; all of it is in the receipts', async () => {
    await withPair(['cl-hive-comms'], async (first, second) => {
      const { node } = first;
      await node.untilState('cl-hive-comms', 'ready');
      const channel = await channelOf(first, second);
      const alice = await Advisor.authorize(node, 'alice');

      const info = await alice.ask(INFO);
      expect(info).toMatchObject({ outcome: 'executed', nonce: 1, node: first.id });
      expect((info['result'] as JsonObject)['id']).toBe(first.id);

      const asked = await alice.ask(setFee(channel, 120));
      expect(asked).toMatchObject({ outcome: 'pending', reason: { code: 'approval_waits' } });
      const pending = await node.call('hive-client-pending');
      expect(pending['pending']).toMatchObject([
        { id: Number(asked['approval']), advisor: 'alice', action: 'set_single', danger: 2 },
      ]);
      expect(await feeOf(first, second)).not.toBe(120);

      const approved = await node.call('hive-client-approve', { id: Number(asked['approval']) });
      expect(approved).toMatchObject({ outcome: 'executed' });
      expect(await feeOf(first, second)).toBe(120);

      await node.call('hive-client-authorize', { advisor: 'alice', ...ACT });
      const request = alice.signed(setFee(channel, 130));
      const done = await alice.send(request);
      expect(done).toMatchObject({ outcome: 'executed', receipt: { seq: expect.anything() } });
      expect(await feeOf(first, second)).toBe(130);
      await node.call('setchannel', { id: second.id, feeppm: 77 });
      expect(await alice.send(request)).toMatchObject({
        outcome: 'executed',
        receipt: done['receipt'],
      });
      expect(await feeOf(first, second)).toBe(77);
      await verified(node);
    });
  });
});
