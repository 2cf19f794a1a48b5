import { readFileSync } from 'node:fs';
import path from 'node:path';
import { hexToBytes, type NodeId } from '@cl-hive/core';
import type { Tier } from '@cl-hive/hive';
import { type HiveMessageName, messageType } from '@cl-hive/protocol';
import { describe, expect, it } from 'vitest';
import { memberState, Network, type TestNode, testKey } from './support/network.ts';

interface Recorded {
  readonly name: HiveMessageName;
  readonly from: NodeId;
  readonly hex: string;
  readonly json: { readonly payload: Readonly<Record<string, unknown>> };
}

const recorded = JSON.parse(
  readFileSync(
    path.join(import.meta.dirname, '../../../packages/protocol/fixtures/hive-wire-vectors.json'),
    'utf8',
  ),
) as readonly Recorded[];

const ORIGINALS = [...new Set(recorded.map(({ from }) => from))];
const recordedOf = (name: HiveMessageName): Recorded => {
  const found = recorded.find((one) => one.name === name);
  if (found === undefined) {
    throw new RangeError(`no ${name} was recorded`);
  }
  return found;
};

/** A node of this software among the originals whose messages were recorded. */
function amongOriginals(tiers: Readonly<Record<string, Tier>> = {}): {
  readonly net: Network;
  readonly node: TestNode;
} {
  const net = new Network();
  const { id } = testKey(0);
  const members = new Map<NodeId, Tier>([
    [id, 'member'],
    ...ORIGINALS.map((one) => [one, tiers[one] ?? 'member'] as const),
  ]);
  const node = net.add(0, (self) => memberState(self, members));
  for (const one of ORIGINALS) {
    net.addRecorder(one);
    net.link(id, one);
  }
  return { net, node };
}

const deliver = ({ hive }: TestNode, { from, hex }: Recorded) =>
  hive.dispatcher.take(from, hexToBytes(hex));

describe('what original nodes were recorded to send', () => {
  it('is decoded, verified and taken as theirs; each copy only once', async () => {
    const { net, node } = amongOriginals();
    net.clock.step(1_800_000_000_000 - net.clock.now());
    for (const one of recorded) {
      const fate = await deliver(node, one);
      expect(['taken', 'unhandled', 'refused', 'later', 'repeated'], one.name).toContain(fate);
    }
    const { counts } = node.hive.dispatcher;
    for (const fate of ['not_decoded', 'unknown_type', 'bad_signature', 'stranger'] as const) {
      expect(counts.total(fate), fate).toBe(0);
    }
  });

  it('of reliable types is acknowledged to its author, again for a copy', async () => {
    const { net, node } = amongOriginals();
    const proposal = recorded.find(
      ({ name, from, json }) =>
        name === 'BAN_PROPOSAL' && json.payload['proposer_peer_id'] === from,
    ) as Recorded;
    expect(messageType('BAN_PROPOSAL').reliable).toBe(true);
    await net.pass(5000);
    await deliver(node, proposal);
    expect(await deliver(node, proposal)).toBe('repeated');
    await net.settle();
    const acks = net.carried.filter(({ what, to }) => what === 'MSG_ACK' && to === proposal.from);
    expect(acks).toHaveLength(2);
  });

  it('HELLO of a candidate with a channel is answered by CHALLENGE where joining is automatic', async () => {
    const hello = recordedOf('HELLO');
    const net = new Network();
    const { id } = testKey(0);
    const node = net.add(0, (self) => memberState(self, new Map([[id, 'member' as const]])));
    net.addRecorder(hello.from);
    net.link(id, hello.from, false);
    node.autoJoin = true;
    expect(await deliver(node, hello)).toBe('refused');
    net.link(id, hello.from);
    // The same words again are a new question: nothing was remembered of the refused one.
    node.autoJoin = false;
    const invited = await node.hive.invitations.invite(1, 0, 'neophyte', hello.from);
    expect(invited).toMatchObject({ admitted_peer: hello.from });
    expect(await deliver(node, hello)).toBe('taken');
    await net.settle();
    expect(net.carried.map(({ what }) => what)).toContain('CHALLENGE');
  });

  it('STATE_HASH that differs is answered by a full sync, whose pages originals take', async () => {
    const { net, node } = amongOriginals();
    await net.pass(5000);
    net.carried.length = 0;
    const hash = recordedOf('STATE_HASH');
    expect(await deliver(node, hash)).toBe('taken');
    await net.settle();
    const syncs = net.carried.filter(({ what }) => what === 'FULL_SYNC');
    expect(syncs.map(({ to }) => to)).toEqual([hash.from]);
    expect(net.carried.map(({ what }) => what)).not.toContain('hive:ranges');
  });

  it('FULL_SYNC moves no signed state and promotes nobody', async () => {
    const sync = recordedOf('FULL_SYNC');
    const { node, net } = amongOriginals();
    await net.pass(5000);
    await deliver(node, sync);
    expect(node.hive.state.fleet.value.signed.size).toBe(0);
    expect(node.hive.membership.voting()).toHaveLength(ORIGINALS.length + 1);
  });
});
