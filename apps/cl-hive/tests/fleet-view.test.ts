import type { NodeId } from '@cl-hive/core';
import type { Tier } from '@cl-hive/hive';
import { describe, expect, it } from 'vitest';
import { hiveView } from '../src/views/hive-view.ts';
import { freshState, memberState, Network, type TestNode, testKey } from './support/network.ts';

const CAP = 0.2;
/** Until a change has reached everybody, and everybody's hash all neighbours. */
const CONVERGES_MS = 7_200_000;

const fleetOf = ({ hive }: TestNode): unknown => hiveView(hive, CAP)['fleet'];

/** Three members, each connected to the others. */
function three(): {
  readonly net: Network;
  readonly nodes: readonly [TestNode, TestNode, TestNode];
} {
  const net = new Network();
  const ids = [0, 1, 2].map((index) => testKey(index).id);
  const members = new Map<NodeId, Tier>(ids.map((id) => [id, 'member']));
  const add = (index: number): TestNode => net.add(index, (id) => memberState(id, members));
  const nodes = [add(0), add(1), add(2)] as const;
  const [a, b, c] = nodes;
  net.link(a.id, b.id);
  net.link(b.id, c.id);
  net.link(a.id, c.id);
  return { net, nodes };
}

describe('the fleet that hive-status shows', () => {
  it('is empty without a hive, and this node alone while nobody was heard of', () => {
    const net = new Network();
    expect(fleetOf(net.add(9, freshState))).toEqual({ members: 0, in_sync: 0 });
    const { nodes } = three();
    expect(fleetOf(nodes[0])).toEqual({ members: 3, in_sync: 1 });
  });

  it('is in sync once all have spoken, also after a change of members and while one is away', async () => {
    const { net, nodes } = three();
    const [a, b, c] = nodes;
    const agree = (of: readonly TestNode[], members: number) => (): boolean =>
      of.every(
        (one) => JSON.stringify(fleetOf(one)) === JSON.stringify({ members, in_sync: members }),
      );
    expect(await net.passUntil(agree(nodes, 3), CONVERGES_MS)).toBeDefined();
    net.unlink(a.id, c.id);
    net.unlink(b.id, c.id);
    await net.pass(60_000);
    expect(fleetOf(a)).toEqual({ members: 3, in_sync: 3 });
    net.link(a.id, c.id);
    net.link(b.id, c.id);
    await c.hive.ballots.leave('moving house');
    expect(await net.passUntil(agree([a, b], 2), CONVERGES_MS)).toBeDefined();
  });

  it('lacks a member whose words never come, and one that tells of another membership', async () => {
    const { net, nodes } = three();
    const [a, b, c] = nodes;
    net.arrives = ({ from, to }) => from !== c.id || to === c.id;
    await net.pass(600_000);
    expect(fleetOf(a)).toEqual({ members: 3, in_sync: 2 });
    net.arrives = () => true;
    const all = (): boolean => nodes.every((one) => one.hive.syncing.disagreeing().length === 0);
    expect(await net.passUntil(all, CONVERGES_MS)).toBeDefined();
    await net.passUntil(() => a.hive.state.fleet.value.signed.size === 2, CONVERGES_MS);
    expect(fleetOf(a)).toEqual({ members: 3, in_sync: 3 });
    // From now on b hears nothing, and goes on to say what it knew.
    net.arrives = ({ to }) => to !== b.id;
    await c.hive.ballots.leave('moving house');
    const told = (): boolean => a.hive.syncing.disagreeing().includes(b.id);
    expect(await net.passUntil(told, CONVERGES_MS)).toBeDefined();
    expect(fleetOf(a)).toEqual({ members: 2, in_sync: 1 });
  });
});
