import { statSync } from 'node:fs';
import path from 'node:path';
import type { JsonObject } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import { Advisor, textOf } from './support/advisor.ts';
import { channelOf, verified } from './support/management.ts';
import { type NodeUnderTest, withNode } from './support/node.ts';
import { type PairedNode, withNodes } from './support/node-pair.ts';

const AMOUNT_SAT = 20_000;
const AMOUNT_MSAT = AMOUNT_SAT * 1000;

/** What a node has on its side of the channel with a peer, msat. */
async function balance(pair: PairedNode, peer: PairedNode): Promise<number> {
  return Number((await channelOf(pair, peer))['to_us_msat']);
}

/** The circle is known to everyone: each of its channels with the terms of both ends. */
async function untilAnnounced({ node }: PairedNode, channels: number): Promise<void> {
  await node.until('all channels are announced', async () => {
    const known = await node.call('listchannels');
    return (known['channels'] as readonly JsonObject[]).length === channels * 2;
  });
}

async function advisorFor(node: NodeUnderTest, schema: string, grant: JsonObject = {}) {
  await node.call('hive-client-policy', { action: 'preset', preset: 'aggressive' });
  return Advisor.authorize(node, 'alice', {
    mode: 'act',
    tier: 'admin',
    actions: [schema],
    ...grant,
  });
}

/** Does what waits for a person, as one who agrees. */
async function agreed(node: NodeUnderTest, answer: JsonObject): Promise<JsonObject> {
  return answer['outcome'] === 'pending'
    ? await node.call('hive-client-approve', { id: Number(answer['approval']) })
    : answer;
}

describe('a circular rebalance that an advisor asks for', () => {
  it('goes out through one channel, comes back through the other, and costs what is said', async () => {
    await withNodes(3, ['cl-hive-comms'], async (nodes) => {
      const [first, out, back] = nodes;
      if (first === undefined || out === undefined || back === undefined) {
        throw new Error('the fleet has no three nodes');
      }
      const { node } = first;
      await node.untilState('cl-hive-comms', 'ready');
      const from = await channelOf(first, out);
      const to = await channelOf(first, back);
      await untilAnnounced(first, 3);
      const alice = await advisorFor(node, 'hive:rebalance/v1', {
        spend: { amount_msat: `${AMOUNT_SAT * 2}sat`, until: '1d' },
      });
      const before = [await balance(first, out), await balance(first, back)];
      const asked = await alice.ask({
        schema: 'hive:rebalance/v1',
        action: 'circular_rebalance',
        params: {
          from_channel: textOf(from['short_channel_id']),
          to_channel: textOf(to['short_channel_id']),
          amount_sats: AMOUNT_SAT,
          max_fee_ppm: 5000,
        },
      });
      const done = await agreed(node, asked);
      expect(done).toMatchObject({ outcome: 'executed' });
      const result = done['result'] as JsonObject;
      const fee = Number(result['fee_msat']);
      expect(fee).toBeGreaterThan(0);
      expect(fee).toBeLessThanOrEqual((AMOUNT_MSAT * 5000) / 1e6);
      await node.until('the HTLCs are gone', async () => {
        const ends = [await channelOf(first, out), await channelOf(first, back)];
        return ends.every((channel) => (channel['htlcs'] as readonly unknown[]).length === 0);
      });
      expect([await balance(first, out), await balance(first, back)]).toEqual([
        (before[0] ?? 0) - AMOUNT_MSAT - fee,
        (before[1] ?? 0) + AMOUNT_MSAT,
      ]);
      const { payments } = await node.call('listsendpays', {
        payment_hash: textOf(result['payment_hash']),
      });
      expect(payments).toMatchObject([{ status: 'complete', destination: first.id }]);
      await verified(node);
    });
  });

  it('that cannot be paid for within its limit moves nothing', async () => {
    await withNodes(3, ['cl-hive-comms'], async (nodes) => {
      const [first, out, back] = nodes;
      if (first === undefined || out === undefined || back === undefined) {
        throw new Error('the fleet has no three nodes');
      }
      const { node } = first;
      await node.untilState('cl-hive-comms', 'ready');
      const ends = [await channelOf(first, out), await channelOf(first, back)];
      await untilAnnounced(first, 3);
      const alice = await advisorFor(node, 'hive:rebalance/v1', {
        spend: { amount_msat: `${AMOUNT_SAT * 2}sat`, until: '1d' },
      });
      const asked = await alice.ask({
        schema: 'hive:rebalance/v1',
        action: 'circular_rebalance',
        params: {
          from_channel: textOf(ends[0]?.['short_channel_id']),
          to_channel: textOf(ends[1]?.['short_channel_id']),
          amount_sats: AMOUNT_SAT,
          max_fee_ppm: 1,
        },
      });
      expect(await agreed(node, asked)).toMatchObject({ outcome: 'failed' });
      expect((await node.call('listsendpays'))['payments']).toEqual([]);
      await verified(node);
    });
  });
});

describe('backups that an advisor asks for', () => {
  it('show every channel, and the file that lightningd keeps is current', async () => {
    await withNodes(2, ['cl-hive-comms'], async ([first, second]) => {
      if (first === undefined || second === undefined) {
        throw new Error('the fleet has no two nodes');
      }
      const { node } = first;
      await node.untilState('cl-hive-comms', 'ready');
      const channel = await channelOf(first, second);
      const alice = await advisorFor(node, 'hive:backup/v1');
      const exported = await alice.ask({ schema: 'hive:backup/v1', action: 'export_scb' });
      expect(exported).toMatchObject({ outcome: 'executed' });
      const { scb } = exported['result'] as { scb: readonly string[] };
      expect(scb).toHaveLength(1);
      expect(scb[0]).toContain(textOf(channel['channel_id']));
      const file = path.join(node.lightningDir, 'emergency.recover');
      const checked = await alice.ask({ schema: 'hive:backup/v1', action: 'verify_backup' });
      expect(checked).toMatchObject({
        outcome: 'executed',
        result: { valid: true, current: true, bytes: statSync(file).size, channels: 1 },
      });
      const refused = await agreed(
        node,
        await alice.ask({
          schema: 'hive:backup/v1',
          action: 'restore',
          params: { backup_path: 'emergency.recover' },
        }),
      );
      expect(refused).toMatchObject({ outcome: 'failed' });
      expect(await channelOf(first, second)).toMatchObject({ state: 'CHANNELD_NORMAL' });
      await verified(node);
    });
  });

  it('that hold no channel are nothing to restore from, and that is said', async () => {
    await withNode({ plugins: ['cl-hive-comms'] }, async (node) => {
      await node.untilState('cl-hive-comms', 'ready');
      const alice = await advisorFor(node, 'hive:backup/v1');
      const restored = await agreed(
        node,
        await alice.ask({
          schema: 'hive:backup/v1',
          action: 'restore',
          params: { backup_path: 'emergency.recover' },
        }),
      );
      expect(restored).toMatchObject({ outcome: 'failed' });
      expect(JSON.stringify(restored)).toContain('nothing to restore');
      await verified(node);
    });
  });
});
