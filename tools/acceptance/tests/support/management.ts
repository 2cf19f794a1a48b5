import type { JsonObject } from '@cl-hive/core';
import { expect } from 'vitest';
import { type Ask, textOf } from './advisor.ts';
import type { NodeUnderTest } from './node.ts';
import type { PairedNode } from './node-pair.ts';

/** The open channel of two nodes, once there is one. */
export async function channelOf({ node }: PairedNode, peer: PairedNode): Promise<JsonObject> {
  let found: JsonObject | undefined;
  await node.until('the channel is open', async () => {
    const { channels } = await node.call('listpeerchannels', { id: peer.id });
    [found] = channels as readonly JsonObject[];
    return found?.['state'] === 'CHANNELD_NORMAL' && found['short_channel_id'] !== undefined;
  });
  return found ?? {};
}

/** The fee rate of the first node on its channel with the other, in ppm. */
export async function feeOf(pair: PairedNode, peer: PairedNode): Promise<unknown> {
  const { updates } = await channelOf(pair, peer);
  return ((updates as JsonObject)['local'] as JsonObject)['fee_proportional_millionths'];
}

/** Has the node verify its chain of receipts, in which nothing may be open. */
export async function verified(node: NodeUnderTest): Promise<JsonObject> {
  const report = await node.call('hive-client-receipts', { action: 'verify', signatures: 'all' });
  expect(report).toMatchObject({ ok: true, faults: [], open_requests: [], unsigned: 0 });
  return report;
}

/** Asks for a fee rate, in ppm. */
export const setFee = (channel: JsonObject, feePpm: number): Ask => ({
  schema: 'hive:fee-policy/v1',
  action: 'set_single',
  params: { channel_id: textOf(channel['short_channel_id']), fee_ppm: feePpm },
});

/** Asks what `getinfo` shows. */
export const INFO: Ask = { schema: 'hive:monitor/v1', action: 'get_info' };

/** What cl-hive-comms wrote into the node's log: lightningd itself writes secrets of payments there. */
export function ownLog(node: NodeUnderTest): string {
  const lines = node.log().split('\n');
  return lines.filter((line) => line.includes('cl-hive-comms')).join('\n');
}
