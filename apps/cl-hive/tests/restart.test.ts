import type { NodeId } from '@cl-hive/core';
import type { Tier } from '@cl-hive/hive';
import { openStore, type Store } from '@cl-hive/store';
import { TestDatabases } from '@cl-hive/store/testing';
import { afterAll, describe, expect, it } from 'vitest';
import type { HiveDatabase } from '../src/store/database.ts';
import { diskOf } from '../src/store/disk.ts';
import { loadHiveState } from '../src/store/load-hive-state.ts';
import { migrations } from '../src/store/migrations.ts';
import { memberState, Network, type TestNode, testKey } from './support/network.ts';

const databases = new TestDatabases('sqlite');
afterAll(() => databases.remove());

function storeAt(location: string, net: Network): Promise<Store<HiveDatabase>> {
  return openStore<HiveDatabase>({
    location,
    owner: 'cl-hive',
    migrations,
    clock: net.clock,
    log: () => {},
  });
}

/** A fleet of which the last keeps everything in a database, and how to kill it and start it again. */
async function withKept(
  size: number,
  test: (
    net: Network,
    nodes: readonly TestNode[],
    kept: TestNode,
    again: () => Promise<void>,
  ) => Promise<void>,
): Promise<void> {
  const net = new Network();
  const ids = Array.from({ length: size }, (_, index) => testKey(index).id);
  const members = new Map<NodeId, Tier>(ids.map((id) => [id, 'member']));
  const location = await databases.location();
  let store = await storeAt(location, net);
  const nodes = ids.map((_, index) => net.add(index, (id) => memberState(id, members)));
  const kept = nodes.at(-1) as TestNode;
  // What a hive of before has written: the whole state, as one turn.
  net.start(kept, await loadHiveState(store.reader, kept.id), diskOf(store));
  await kept.hive.line.run((turn) =>
    turn.set(kept.hive.membership.cell, memberState(kept.id, members).membership),
  );
  for (const a of ids) {
    for (const b of ids.filter((id) => id !== a)) {
      net.link(a, b);
    }
  }
  const again = async (): Promise<void> => {
    kept.up = false;
    await store.close();
    store = await storeAt(location, net);
    net.start(kept, await loadHiveState(store.reader, kept.id), diskOf(store));
  };
  try {
    await test(net, nodes, kept, again);
  } finally {
    await store.close();
  }
}

const agree = (nodes: readonly TestNode[]): boolean =>
  new Set(nodes.map(({ hive }) => `${hive.state.fleetHash()} ${hive.syncing.membershipHash()}`))
    .size === 1;

describe('a node that is killed', () => {
  it('GP-04: goes on with its versions, its members and what it knew', async () => {
    await withKept(4, async (net, nodes, kept, again) => {
      await net.passUntil(() => agree(nodes) && kept.hive.state.words().length === 4, 60_000);
      const before = kept.hive.state.fleet.value.ownVersion;
      const hash = kept.hive.state.fleetHash();
      expect(before).toBeGreaterThan(0);
      await again();
      expect(kept.hive.state.fleet.value.ownVersion).toBe(before);
      expect(kept.hive.state.fleetHash()).toBe(hash);
      expect(kept.hive.membership.view().members.size).toBe(4);
      await net.pass(10_000);
      expect(kept.hive.state.own.value?.version).toBe(before + 1);
      expect(await net.passUntil(() => agree(nodes), 600_000)).toBeDefined();
    });
  });

  it('takes no event twice, and sends what was not acknowledged', async () => {
    await withKept(4, async (net, nodes, kept, again) => {
      const [proposer, target, voter] = nodes as [TestNode, TestNode, TestNode];
      await net.pass(10_000);
      // Nobody hears its acknowledgement and its vote before it is killed.
      net.arrives = ({ from }) => from !== kept.id;
      await proposer.hive.ballots.proposeBan(target.id, 'leech');
      await net.settle();
      const [id] = [...kept.hive.membership.view().proposals.keys()] as [string];
      await kept.hive.ballots.voteBan(id, 'approve');
      await net.settle();
      expect(kept.hive.delivery.outbox.value.size).toBeGreaterThan(0);
      expect(voter.hive.membership.isBanned(target.id)).toBe(false);
      await again();
      net.arrives = () => true;
      expect(kept.hive.membership.isBanned(target.id)).toBe(true);
      const heard = proposer.hive.delivery.outbox.value.size;
      const repeated = kept.hive.dispatcher.counts.total('repeated');
      expect(
        await net.passUntil(
          () =>
            voter.hive.membership.isBanned(target.id) &&
            kept.hive.delivery.outbox.value.size === 0 &&
            proposer.hive.delivery.outbox.value.size === 0,
          600_000,
        ),
      ).toBeDefined();
      // What the proposer had not seen acknowledged came again, and was known.
      expect(heard).toBeGreaterThan(0);
      expect(kept.hive.dispatcher.counts.total('repeated')).toBeGreaterThan(repeated);
      expect(kept.hive.membership.view().members.has(target.id)).toBe(false);
    });
  });

  it('that slept a week catches up: who left, who joined, and every state', async () => {
    await withKept(5, async (net, nodes, kept, again) => {
      await net.passUntil(() => agree(nodes), 60_000);
      kept.up = false;
      await net.pass(10_000);
      const [, leaver] = nodes as [TestNode, TestNode];
      await leaver.hive.ballots.leave('moving house');
      const rest = nodes.filter((one) => one !== leaver);
      const awake = rest.filter((one) => one !== kept);
      expect(await net.passUntil(() => agree(awake), 600_000)).toBeDefined();
      net.clock.advance(7 * 86_400_000);
      await net.pass(10_000);
      await again();
      expect(kept.hive.membership.isMember(leaver.id)).toBe(true);
      expect(await net.passUntil(() => agree(rest), 600_000)).toBeDefined();
      expect(kept.hive.membership.isMember(leaver.id)).toBe(false);
    });
  });
});
