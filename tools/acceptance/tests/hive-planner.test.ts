import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JsonObject, NodeId } from '@cl-hive/core';
import { type TestFleet, type TestNode, withFleet } from '@cl-hive/hive-lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { channelsTo, decideTogether } from './support/hive-fleet.ts';
import { writePlainPlugin } from './support/plain-plugin.ts';
import { pluginFile } from './support/plugins.ts';

/** Longest wait for something, ms; only a failure takes it. */
const DEADLINE_MS = 40_000;

/** Nodes of the fleet that opens. */
const NODES = 5;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'clboss-'));
  // What CLBOSS answers: clboss-unmanage replaces all tags of a node, clboss-status shows them joined.
  writePlainPlugin(path.join(folder, 'clboss.js'), {
    names: ['clboss-status', 'clboss-unmanage'],
    methods: `(() => {
      const unmanaged = { comment: "Use 'clboss-unmanage' to disable management of some nodes." };
      return {
        'clboss-status': () => ({ info: { version: '0.15.1' }, unmanaged }),
        'clboss-unmanage': (params) => {
          const [node, tags] = Array.isArray(params) ? params : [params.nodeid, params.tags];
          const set = tags.split(',').filter((tag) => tag !== '').sort();
          if (set.length === 0) delete unmanaged[node];
          else unmanaged[node] = set.join(', ');
          return {};
        },
      };
    })()`,
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const plugins = (options: JsonObject) => [
  { path: pluginFile('cl-hive-comms') },
  {
    path: pluginFile('cl-hive'),
    options: { 'hive-planner-enable-expansions': true, ...options } as Record<
      string,
      string | number | boolean
    >,
  },
];

function until<T>(fleet: TestFleet, what: string, probe: () => T | Promise<T>) {
  return fleet.waitFor(what, probe, DEADLINE_MS);
}

/** A hive of all nodes, each a member with a vote. */
async function form(fleet: TestFleet): Promise<void> {
  const [founder, ...others] = fleet.nodes as [TestNode, ...TestNode[]];
  for (const node of fleet.nodes) {
    await until(fleet, 'cl-hive is ready', async () => {
      const { state } = await node.call('hive-status');
      return state === 'ready';
    });
  }
  await founder.call('hive-genesis', { hive_id: 'planner' });
  for (const [at, node] of others.entries()) {
    const before = fleet.nodes.slice(0, at + 1);
    // The fleet's channels are a ring, and a ticket is for who has a channel with whoever wrote it.
    const { ticket } = await (before.at(-1) ?? founder).call('hive-invite');
    await node.call('hive-join', { ticket: ticket ?? '' });
    const tier = async (asked: TestNode): Promise<unknown> => {
      const { members } = await asked.call('hive-members');
      return (members as readonly JsonObject[]).find(({ peer_id }) => peer_id === node.id)?.[
        'tier'
      ];
    };
    for (const member of before) {
      await until(fleet, 'the neophyte is known', async () => (await tier(member)) === 'neophyte');
    }
    for (const member of before) {
      await member.call('hive-vouch', { peer_id: node.id });
    }
    for (const one of [...before, node]) {
      await until(fleet, 'all count it a member', async () => (await tier(one)) === 'member');
    }
  }
}

async function logged(node: TestNode, action: string): Promise<readonly JsonObject[]> {
  const { logs } = await node.call('hive-planner-log', { action_type: action });
  return logs as readonly JsonObject[];
}

describe('a fleet that plans', () => {
  it('proposes; one node opens, the others stand back, the log tells the story', async () => {
    await withFleet({ nodes: NODES, plugins: plugins({}), publicNodes: 1_000 }, async (fleet) => {
      await form(fleet);
      const openers = new Set<string>();
      for (const node of fleet.nodes) {
        const planned = await until(fleet, 'it knows what each member has', async () => {
          const { members, orders } = await node.call('hive-planner-run', { dry: true });
          const all = members as readonly JsonObject[];
          return all.every(({ ineligible }) => ineligible === null) && orders;
        });
        for (const { member } of planned as readonly JsonObject[]) {
          openers.add(member as string);
        }
      }
      expect(openers.size).toBe(1);
      // Who has asked its operator tells that it is busy: who plans after that has nobody to leave it to.
      const last = ({ id }: TestNode) => Number(openers.has(id));
      for (const node of fleet.nodes.toSorted((a, b) => last(a) - last(b))) {
        await node.call('hive-planner-run');
      }
      const proposals = await Promise.all(
        fleet.nodes.map(async (node) => ({
          node,
          pending: (await node.call('hive-pending-actions'))['actions'] as readonly JsonObject[],
        })),
      );
      const asked = proposals.filter(({ pending }) => pending.length > 0);
      expect(asked).toHaveLength(1);
      const [{ node: chosen, pending }] = asked as [(typeof asked)[0]];
      const [line] = await logged(chosen, 'expansion');
      expect(line).toMatchObject({ result: 'proposed' });
      const target = line?.['target'] as NodeId;
      const told = await chosen.call('hive-planner-explain', { target });
      expect(told).toMatchObject({ target, known: true });

      await decideTogether(fleet, (what, probe) => until(fleet, what, probe));
      await chosen.call('hive-approve-action', { action_id: pending[0]?.['id'] as number });
      let looks = 0;
      await until(fleet, 'the channel is opened', async () => {
        // The chain goes on: who did not get its grants in one window asks again in the next.
        looks += 1;
        if (looks % 10 === 0) {
          fleet.world.mine(1);
        }
        const [newest] = await logged(chosen, 'opening');
        return newest?.['result'] === 'success';
      });
      const channels = await Promise.all(fleet.nodes.map((node) => channelsTo(node, target)));
      expect(channels).toEqual(fleet.nodes.map((node) => (node === chosen ? 1 : 0)));
      const story = (await logged(chosen, 'opening')).map(({ result }) => result);
      expect([...new Set(story)]).toEqual(['success', 'submitted', 'proposed']);
      for (const node of fleet.nodes.filter((one) => one !== chosen)) {
        expect(await logged(node, 'opening')).toEqual([]);
        expect(await logged(node, 'expansion')).toMatchObject([{ result: 'stood_back', target }]);
      }
      const replay = await chosen.call('hive-planner-replay');
      expect(replay).toMatchObject({ identical: true });
      const map = await chosen.call('hive-topology', { svg: 'fleet.svg' });
      expect(map['map_file']).toMatch(/fleet\.svg$/);
    });
  }, 150_000);

  it('has a CLBOSS leave alone what is saturated, and does without one', async () => {
    const options = { 'hive-planner-enable-expansions': false, 'hive-market-share-cap': '0.01' };
    await withFleet({ nodes: 2, plugins: plugins(options), publicNodes: 300 }, async (fleet) => {
      await form(fleet);
      const [one, two] = fleet.nodes as [TestNode, TestNode];
      const { ranked_targets: ranked } = await one.call('hive-topology');
      const [smallest] = (ranked as readonly JsonObject[]).toSorted(
        (a, b) => Number(a['public_capacity_sats']) - Number(b['public_capacity_sats']),
      );
      const full = smallest?.['target'] as string;
      const sat = Math.ceil(Number(smallest?.['public_capacity_sats']) / 50);
      await one.call('connect', { id: full });
      await one.call('fundchannel', { id: full, amount: sat });
      await until(fleet, 'the channel is announced', async () => {
        fleet.world.mine(1);
        const { channels } = await two.call('listchannels', { source: one.id });
        return (channels as readonly JsonObject[]).some(({ destination }) => destination === full);
      });
      await one.call('hive-planner-run');
      expect(await logged(one, 'saturation_detected')).toMatchObject([{ target: full }]);
      expect(await logged(one, 'ignore')).toEqual([]);
      await two.plugin.start(path.join(folder, 'clboss.js'));
      await two.call('hive-planner-run');
      const lines = await logged(two, 'ignore');
      expect(lines).toMatchObject([{ target: full, result: 'success' }]);
      const { unmanaged } = await two.call('clboss-status');
      expect(unmanaged).toMatchObject({ [full]: 'open' });
      await two.call('hive-planner-run');
      expect(await logged(two, 'ignore')).toHaveLength(1);
    });
  }, 120_000);
});
