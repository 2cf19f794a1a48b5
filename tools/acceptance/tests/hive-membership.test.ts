import { compareCodeUnits, type JsonObject } from '@cl-hive/core';
import { type TestFleet, type TestNode, withFleet } from '@cl-hive/hive-lab';
import { describe, expect, it } from 'vitest';
import { pluginFile } from './support/plugins.ts';

/** Longest wait for something, ms; only a failure takes it. */
const DEADLINE_MS = 40_000;
const PLUGINS = [{ path: pluginFile('cl-hive-comms') }, { path: pluginFile('cl-hive') }];

type Listed = Readonly<Record<string, string>>;

async function tiers(node: TestNode): Promise<Listed> {
  const { members } = await node.call('hive-members');
  return Object.fromEntries(
    (members as readonly JsonObject[]).map(({ peer_id, tier }) => [peer_id, tier]),
  ) as Listed;
}

function until<T>(fleet: TestFleet, what: string, probe: () => T | Promise<T>) {
  return fleet.waitFor(what, probe, DEADLINE_MS);
}

async function ready(fleet: TestFleet, ...nodes: readonly TestNode[]): Promise<void> {
  for (const node of nodes) {
    await until(fleet, `cl-hive of node ${node.number} is ready`, async () => {
      const { state } = await node.call('hive-status');
      return state === 'ready';
    });
  }
}

/** A text member of an answer. */
function text(answer: JsonObject, key: string): string {
  const value = answer[key];
  if (typeof value !== 'string') {
    throw new TypeError(`${key} is no text`);
  }
  return value;
}

/** Waits until every node lists exactly these. */
async function agree(
  fleet: TestFleet,
  nodes: readonly TestNode[],
  expected: Listed,
): Promise<void> {
  const line = (list: Listed): string =>
    Object.entries(list)
      .map(([id, tier]) => `${id} ${tier}`)
      .sort(compareCodeUnits)
      .join();
  const wanted = line(expected);
  await until(fleet, `all list ${wanted}`, async () => {
    const lists = await Promise.all(nodes.map((node) => tiers(node)));
    return lists.every((list) => line(list) === wanted);
  });
}

/** A hive of all nodes: the first founds it, each other joins by ticket and is vouched for. */
async function form(fleet: TestFleet): Promise<void> {
  const [founder, ...others] = fleet.nodes as [TestNode, ...TestNode[]];
  await ready(fleet, ...fleet.nodes);
  expect(await founder.call('hive-genesis', { hive_id: 'acceptance' })).toMatchObject({
    status: 'genesis_complete',
    hive_id: 'acceptance',
    admin_pubkey: founder.id,
    genesis_ticket: expect.any(String),
  });
  const expected: Record<string, string> = { [founder.id]: 'member' };
  for (const node of others) {
    const ticket = text(await founder.call('hive-invite'), 'ticket');
    expect(await node.call('hive-join', { ticket })).toMatchObject({
      status: 'join_requested',
      hive_id: 'acceptance',
    });
    const members = fleet.nodes.filter(({ id }) => expected[id] === 'member');
    expected[node.id] = 'neophyte';
    await agree(fleet, [...members, node], expected);
    for (const member of members) {
      await member.call('hive-vouch', { peer_id: node.id });
    }
    expected[node.id] = 'member';
    await agree(fleet, [...members, node], expected);
  }
}

describe('a hive of three nodes', () => {
  it('forms, shares its state, outlives a killed plugin and lets a member go', async () => {
    await withFleet({ nodes: 3, plugins: PLUGINS }, async (fleet) => {
      await form(fleet);
      const [one, two, three] = fleet.nodes as [TestNode, TestNode, TestNode];
      await until(fleet, 'all know all states', async () => {
        const stats = await Promise.all(fleet.nodes.map((node) => node.call('hive-gossip-stats')));
        const [first] = stats;
        return (
          Object.keys((first?.['peer_states'] ?? {}) as JsonObject).length === 3 &&
          stats.every(({ fleet_hash: hash }) => hash === first?.['fleet_hash'])
        );
      });

      // Killed between two gossips, its version goes on, and what it knew is there.
      const version = async (node: TestNode): Promise<number> => {
        const { gossip_manager: manager } = await node.call('hive-gossip-stats');
        return Number((manager as JsonObject)['broadcast_version']);
      };
      const before = await version(two);
      two.killPlugin('cl-hive.js', 'SIGKILL');
      await until(fleet, 'it is gone', () => !two.plugin.running().includes('cl-hive.js'));
      await two.plugin.start(pluginFile('cl-hive'));
      await ready(fleet, two);
      expect(await version(two)).toBeGreaterThanOrEqual(before);
      expect(Object.keys(await tiers(two))).toHaveLength(3);
      await until(
        fleet,
        'it gossips above its old version',
        async () => (await version(two)) > before,
      );

      // Without cl-hive-comms it waits and says so; with it back it is heard again.
      two.killPlugin('cl-hive-comms.js', 'SIGKILL');
      await until(fleet, 'cl-hive waits', async () => {
        const { state, waiting_for: waits } = await two.call('hive-status');
        return state === 'idle' && waits === 'cl-hive-comms';
      });
      await two.plugin.start(pluginFile('cl-hive-comms'));
      await ready(fleet, two);
      const raised = (await version(two)) + 10;
      await two.call('hive-bump-version', { version: raised });
      await until(fleet, 'the others hear it', async () => {
        const { members } = await three.call('hive-members');
        const heard = (members as readonly JsonObject[]).find(({ peer_id: id }) => id === two.id);
        return Number(heard?.['version']) > raised;
      });

      expect(await three.call('hive-leave', { reason: 'moving house' })).toMatchObject({
        status: 'left',
        former_tier: 'member',
      });
      await agree(fleet, [one, two], { [one.id]: 'member', [two.id]: 'member' });
      expect(await three.call('hive-members')).toMatchObject({ count: 0, hive_id: null });
    });
  }, 120_000);
});

describe('what a person is refused', () => {
  it('has a code, a sentence and a remedy', async () => {
    await withFleet({ nodes: 2, plugins: PLUGINS }, async (fleet) => {
      const [one, two] = fleet.nodes as [TestNode, TestNode];
      await ready(fleet, one, two);
      const refused = async (node: TestNode, method: string, params: JsonObject, code: string) => {
        expect(await node.call(method, params), method).toEqual({
          ...(await node.call(method, params)),
          error: code,
          message: expect.stringMatching(/./),
          remedy: expect.stringMatching(/./),
        });
      };
      const other = { peer_id: two.id };
      await refused(one, 'hive-invite', {}, 'not_in_hive');
      await refused(one, 'hive-leave', {}, 'not_in_hive');
      await refused(one, 'hive-vouch', other, 'not_in_hive');
      await refused(one, 'hive-join', { ticket: 'nonsense' }, 'ticket_format');
      await refused(
        one,
        'hive-vote-ban',
        { proposal_id: 'ab', vote: 'approve' },
        'unknown_proposal',
      );
      await one.call('hive-genesis');
      await refused(one, 'hive-genesis', {}, 'already_in_hive');
      await refused(one, 'hive-invite', { tier: 'member' }, 'tier_by_vouches');
      await refused(one, 'hive-propose-ban', other, 'not_a_member');
      await refused(one, 'hive-propose-ban', { peer_id: one.id }, 'self');
      await refused(one, 'hive-request-promotion', {}, 'peer_not_neophyte');
      await refused(one, 'hive-bump-version', { version: 1 }, 'version_too_low').catch(() => {});
      await refused(one, 'hive-force-promote', other, 'decided_by_votes');
      const ticket = text(await one.call('hive-invite'), 'ticket');
      await refused(one, 'hive-join', { ticket }, 'ticket_of_self');
    });
  }, 60_000);
});
