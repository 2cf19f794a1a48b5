import type { JsonObject } from '@cl-hive/core';
import { type TestFleet, type TestNode, withFleet } from '@cl-hive/hive-lab';
import { describe, expect, it } from 'vitest';
import { pluginFile } from './support/plugins.ts';

const PLUGINS = ['cl-hive-comms', 'cl-hive-archon'].map((name) => ({ path: pluginFile(name) }));
const WAIT_MS = 60_000;

async function settled(fleet: TestFleet, node: TestNode): Promise<void> {
  await fleet.waitFor(
    `node ${node.number} is ready`,
    async () => (await node.call('hive-archon-status'))['state'] === 'ready',
    WAIT_MS,
  );
  await fleet.waitFor(
    `node ${node.number} has its channels`,
    async () => {
      const { channels } = await node.call('listpeerchannels');
      const states = (channels as readonly JsonObject[]).map(({ state }) => state);
      return states.length >= 2 && states.every((state) => state === 'CHANNELD_NORMAL');
    },
    WAIT_MS,
  );
}

async function result(node: TestNode, poll: string): Promise<JsonObject> {
  return (await node.call('hive-poll-status', { poll }))['result'] as JsonObject;
}

async function refusal(node: TestNode, method: string, params: JsonObject): Promise<unknown> {
  return node.call(method, params).then(
    () => 'done',
    (error: { rpcData?: { code?: string } }) => error.rpcData?.code,
  );
}

async function ask(node: TestNode, electorate: readonly string[], more: JsonObject = {}) {
  const poll = await node.call('hive-poll-create', {
    title: 'Raise the base fee?',
    options: ['yes', 'no', 'later'],
    deadline: Math.floor(Date.now() / 1000) + 86_400,
    electorate: [...electorate],
    ...more,
  });
  return poll['poll'] as string;
}

/** Counts exported ballots by hand: each voter's earliest, one vote each. */
function countAgain(exported: JsonObject): readonly number[] {
  const earliest = new Map<unknown, JsonObject>();
  for (const { body } of exported['ballots'] as readonly { body: JsonObject }[]) {
    const before = earliest.get(body['voter']);
    if (before === undefined || Number(before['cast_at']) > Number(body['cast_at'])) {
      earliest.set(body['voter'], body);
    }
  }
  const votes = [0, 0, 0];
  for (const { choice } of earliest.values()) {
    votes[Number(choice) - 1] = (votes[Number(choice) - 1] ?? 0) + 1;
  }
  return votes;
}

describe('a poll among three nodes', () => {
  it('I7: is counted alike by all, with two of them killed in the middle and every message repeated', async () => {
    await withFleet({ nodes: 3, plugins: PLUGINS }, async (fleet) => {
      const [first, second, third] = fleet.nodes as readonly [TestNode, TestNode, TestNode];
      await Promise.all(fleet.nodes.map((node) => settled(fleet, node)));
      const ids = fleet.nodes.map(({ id }) => id);
      const poll = await ask(first, ids);
      await fleet.waitFor('the second node knows the poll', async () => result(second, poll));
      await second.call('hive-vote', { poll, choice: 2, reason: 'fees are high enough' });
      await second.end('kill');
      await third.end('kill');
      await first.call('hive-vote', { poll, choice: 1 });
      await second.restart();
      await third.restart();
      await Promise.all(fleet.nodes.map((node) => settled(fleet, node)));
      await fleet.waitFor(
        'the third node knows the poll',
        async () => result(third, poll),
        WAIT_MS,
      );
      await third.call('hive-vote', { poll, choice: 2 });
      // The same again changes nothing, another choice is refused: also after the restart.
      await second.call('hive-vote', { poll, choice: 2 });
      expect(await refusal(second, 'hive-vote', { poll, choice: 1 })).toBe('vote_cast');
      const all = async (): Promise<readonly JsonObject[]> =>
        Promise.all(fleet.nodes.map((node) => result(node, poll)));
      await fleet.waitFor(
        'all have all ballots',
        async () => (await all()).every(({ received }) => received === 3),
        WAIT_MS,
      );
      const before = await all();
      expect(before[0]).toMatchObject({
        options: [
          { option: 'yes', votes: 1 },
          { option: 'no', votes: 2 },
          { option: 'later', votes: 0 },
        ],
        spoiled: 0,
        eligible: 3,
        pending: 0,
        conflicting: [],
      });
      const exported = await first.call('hive-poll-status', { poll, ballots: true });
      expect(countAgain(exported)).toEqual([1, 2, 0]);
      const ballots = exported['ballots'] as readonly JsonObject[];
      for (const node of fleet.nodes) {
        for (const order of [ballots, [...ballots].reverse(), ballots]) {
          const message = { topic: 'archon:ballots', payload: { ballots: [...order] } };
          await node.call('hive-archon-message', message);
        }
        const again = { topic: 'archon:poll', payload: exported['poll_statement'] as JsonObject };
        expect(await node.call('hive-archon-message', again)).toEqual({ added: false });
      }
      expect(await all()).toEqual(before);
      expect(new Set(before.map(({ digest }) => digest)).size).toBe(1);
      expect((await second.call('hive-my-votes'))['votes']).toMatchObject([
        { poll, choice: 2, counted: true },
      ]);
    });
  }, 180_000);

  it('is taken from whom this node has to do with, and voted by whom it names', async () => {
    await withFleet({ nodes: 3, plugins: PLUGINS }, async (fleet) => {
      const [first, second, third] = fleet.nodes as readonly [TestNode, TestNode, TestNode];
      await Promise.all(fleet.nodes.map((node) => settled(fleet, node)));
      const poll = await ask(first, [first.id, second.id]);
      await fleet.waitFor('the second node knows the poll', async () => result(second, poll));
      const exported = await first.call('hive-poll-status', { poll, ballots: true });
      const payload = exported['poll_statement'] as JsonObject;
      // PO-06: a node that is not in the electorate takes no part.
      expect(await refusal(third, 'hive-archon-message', { topic: 'archon:poll', payload })).toBe(
        'poll_stranger',
      );
      expect(await refusal(third, 'hive-vote', { poll, choice: 1 })).toBe('poll_unknown');
      const body = { ...(payload['body'] as JsonObject), title: 'Another question?' };
      const forged = { topic: 'archon:poll', payload: { ...payload, body } };
      expect(await refusal(second, 'hive-archon-message', forged)).toBe('poll_signature');
      expect(await refusal(first, 'hive-vote', { poll, choice: 4 })).toBe('ballot_option');
      const wish = { title: 'x', options: ['a', 'b'], deadline: 4_000_000_000 };
      expect(await refusal(first, 'hive-poll-create', wish)).toBe('electorate_missing');
      const rich = {
        ...wish,
        deadline: Math.floor(Date.now() / 1000) + 60,
        electorate: [first.id],
      };
      expect(await refusal(first, 'hive-poll-create', { ...rich, tier: 'governance' })).toBe(
        'tier_basic',
      );
      expect(await refusal(first, 'hive-archon-upgrade', {})).toBe('upgrade_parameter');
      const tooMuch = { tier: 'governance', bond_sat: 2_000_000_000 };
      expect(await refusal(first, 'hive-archon-upgrade', tooMuch)).toBe('bond_missing');
      expect(await first.call('hive-archon-upgrade', { tier: 'governance' })).toMatchObject({
        governance: { tier: 'governance', bond_sat: 50_000 },
      });
      const bond = { ...rich, tier: 'governance', bond_sat: 2_000_000_000 };
      expect(await refusal(first, 'hive-poll-create', bond)).toBe('bond_missing');
      const standing = await first.call('hive-poll-create', { ...rich, tier: 'governance' });
      expect(standing).toMatchObject({ tier: 'governance', bond_sat: 50_000 });
      await first.call('hive-vote', { poll: standing['poll'] as string, choice: 0 });
      expect(await result(first, standing['poll'] as string)).toMatchObject({ spoiled: 1 });
    });
  }, 120_000);

  it('is voted by the members of the hive, as cl-hive names them, and by no neophyte', async () => {
    const plugins = [...PLUGINS, { path: pluginFile('cl-hive') }];
    await withFleet({ nodes: 2, plugins }, async (fleet) => {
      const [first, second] = fleet.nodes as readonly [TestNode, TestNode];
      const tier = async (of: TestNode): Promise<unknown> => {
        const { members } = await of.call('hive-members');
        const listed = members as readonly JsonObject[];
        return listed.find(({ peer_id }) => peer_id === second.id)?.['tier'];
      };
      for (const node of fleet.nodes) {
        for (const method of ['hive-archon-status', 'hive-status']) {
          const state = async () => (await node.call(method))['state'] === 'ready';
          await fleet.waitFor(`${method} of node ${node.number}`, state, WAIT_MS);
        }
      }
      const wish = {
        title: 'Raise the base fee?',
        options: ['yes', 'no'],
        deadline: Math.floor(Date.now() / 1000) + 86_400,
      };
      expect(await refusal(first, 'hive-poll-create', wish)).toBe('electorate_missing');
      await first.call('hive-genesis', { hive_id: 'polls' });
      const ticket = (await first.call('hive-invite'))['ticket'] as string;
      await second.call('hive-join', { ticket });
      await fleet.waitFor('the neophyte', async () => (await tier(first)) === 'neophyte', WAIT_MS);
      const alone = await first.call('hive-poll-create', wish);
      expect(alone['electorate']).toEqual([first.id]);
      await first.call('hive-vouch', { peer_id: second.id });
      for (const node of fleet.nodes) {
        await fleet.waitFor('the member', async () => (await tier(node)) === 'member', WAIT_MS);
      }
      const both = await first.call('hive-poll-create', wish);
      expect(both['electorate']).toEqual([first.id, second.id].sort());
      const poll = both['poll'] as string;
      await fleet.waitFor('the poll to arrive', async () => result(second, poll), WAIT_MS);
      await second.call('hive-vote', { poll, choice: 2 });
      await fleet.waitFor(
        'the ballot to arrive',
        async () => (await result(first, poll))['received'] === 1,
        WAIT_MS,
      );
      // Fixed when it was made: the earlier poll stays the first node's alone.
      expect(
        (await first.call('hive-poll-status', { poll: alone['poll'] as string }))['electorate'],
      ).toEqual([first.id]);
    });
  }, 120_000);
});
