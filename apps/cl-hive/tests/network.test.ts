import { type NodeId, text } from '@cl-hive/core';
import type { Tier } from '@cl-hive/hive';
import { describe, expect, it } from 'vitest';
import { memberState, Network, type TestNode, testKey } from './support/network.ts';

const SIZE = 50;
/** Longest virtual time until all are equal (I8). */
const CONVERGES_MS = 600_000;

/** A fleet in which each node reaches its neighbours in a ring and four others. */
function fleet(size: number): { readonly net: Network; readonly nodes: readonly TestNode[] } {
  const net = new Network();
  const ids = Array.from({ length: size }, (_, index) => testKey(index).id);
  const members = new Map<NodeId, Tier>(ids.map((id) => [id, 'member']));
  const nodes = ids.map((_, index) => net.add(index, (id) => memberState(id, members)));
  for (const [index, own] of ids.entries()) {
    for (const step of [1, 7, 17]) {
      const other = ids[(index + step) % size];
      if (other !== undefined && other !== own) {
        net.link(own, other);
      }
    }
  }
  return { net, nodes };
}

/** How many views of state and membership there are. */
const views = (nodes: readonly TestNode[]): number =>
  new Set(nodes.map(({ hive }) => `${hive.state.fleetHash()} ${hive.syncing.membershipHash()}`))
    .size;

function nodeAt(nodes: readonly TestNode[], index: number): TestNode {
  const node = nodes[index];
  if (node === undefined) {
    throw new RangeError(`there is no node ${index}`);
  }
  return node;
}

describe('a hive of 50 nodes', () => {
  it('comes to one state, and again after any one change', async () => {
    const { net, nodes } = fleet(SIZE);
    const complete = (): boolean =>
      nodes.every(({ hive }) => hive.state.fleet.value.signed.size === SIZE - 1);
    expect(await net.passUntil(() => complete() && views(nodes) === 1, CONVERGES_MS)).toBeDefined();

    // A node's capacity falls by a fifth.
    const changed = nodeAt(nodes, 11);
    const before = changed.hive.state.own.value?.version ?? 0;
    changed.holdings = { ...changed.holdings, availableSat: 300_000n };
    const told = (one: TestNode): boolean =>
      one === changed || one.hive.state.fleet.value.signed.get(changed.id)?.version === before + 1;
    expect(
      await net.passUntil(() => nodes.every(told) && views(nodes) === 1, CONVERGES_MS),
    ).toBeDefined();

    // One leaves whom only six others reach.
    const leaver = nodeAt(nodes, SIZE - 3);
    await leaver.hive.ballots.leave('moving house');
    const rest = nodes.filter((one) => one !== leaver);
    const without = (one: TestNode): boolean =>
      one.hive.membership.view().members.size === SIZE - 1;
    expect(
      await net.passUntil(() => rest.every(without) && views(rest) === 1, CONVERGES_MS),
    ).toBeDefined();

    // One is banned by those who hear of it.
    const target = nodeAt(rest, 5);
    const proposer = nodeAt(rest, 6);
    const proposed = await proposer.hive.ballots.proposeBan(target.id, 'leech');
    const id = text(64)(proposed['proposal_id']);
    await net.pass(10_000);
    // Not all have heard of it: the hops of messages are few. They learn of the ban, not of the vote.
    const voters = rest.filter(
      (one) => one !== target && one !== proposer && one.hive.membership.view().proposals.has(id),
    );
    expect(voters.length).toBeLessThan(rest.length - 2);
    for (const { hive } of voters) {
      await hive.ballots.voteBan(id, 'approve');
    }
    const left = rest.filter((one) => one !== target);
    const bans = (one: TestNode): boolean => one.hive.membership.isBanned(target.id);
    expect(
      await net.passUntil(() => left.every(bans) && views(left) === 1, CONVERGES_MS),
    ).toBeDefined();
  }, 900_000);
});
