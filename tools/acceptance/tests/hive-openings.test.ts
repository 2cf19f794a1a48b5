import type { JsonObject, NodeId } from '@cl-hive/core';
import type { TestNode } from '@cl-hive/hive-lab';
import { describe, expect, it } from 'vitest';
import { textOf } from './support/advisor.ts';
import { channelsTo, FAILSAFE, type HiveFleet, withHive } from './support/hive-fleet.ts';
import { type Fate, setFate } from './support/reaper.ts';

const SAT = 1_000_000;

function open(node: TestNode, target: NodeId, id: string): Promise<JsonObject> {
  return node.call('hive-open-channel', { peer_id: target, amount_sats: SAT, id });
}

async function orderOf(node: TestNode, id: string): Promise<JsonObject | undefined> {
  const { openings } = await node.call('hive-openings', { limit: 100 });
  return (openings as readonly JsonObject[]).find(({ order }) => order === id);
}

async function total(nodes: readonly TestNode[], target: NodeId): Promise<number> {
  const counts = await Promise.all(nodes.map((node) => channelsTo(node, target)));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Mines until the change of what was opened can be spent. */
async function confirmed({ fleet, until }: HiveFleet, nodes: readonly TestNode[]): Promise<void> {
  fleet.world.mine(1);
  await until('all coins are confirmed', async () => {
    const funds = await Promise.all(nodes.map((node) => node.call('listfunds')));
    return funds.every(({ outputs }) =>
      (outputs as readonly JsonObject[]).every(({ status }) => status !== 'unconfirmed'),
    );
  });
}

const settled = ({ until }: HiveFleet, node: TestNode, id: string) =>
  until(`${id} is settled`, async () => {
    const order = await orderOf(node, id);
    const state = order?.['state'];
    return state === 'done' || state === 'failed' ? order : undefined;
  });

describe('openings of a hive of three', () => {
  it('I1, IN-09, IN-04: one of two opens, whoever asks or approves; who is cut off waits', async () => {
    await withHive(3, {}, async (hive) => {
      const [a, b, c] = hive.nodes as [TestNode, TestNode, TestNode];
      const [first, second, third] = hive.targets as [NodeId, NodeId, NodeId];

      const both = await Promise.all([open(a, first, 'a'), open(b, first, 'b')]);
      expect(new Set(both.map(({ state }) => state))).toEqual(new Set(['done', 'waiting']));
      expect(await total(hive.nodes, first)).toBe(1);

      await confirmed(hive, [a, b]);
      // By default a person approves; two persons do at the same time.
      for (const node of [a, b]) {
        const proposed = await node.call('hive-test-pending-action', { target: second });
        expect(proposed).toMatchObject({ state: 'proposed', reason: { code: 'advisor_mode' } });
      }
      expect(await total(hive.nodes, second)).toBe(0);
      const answers = await Promise.all([a, b].map((node) => node.call('hive-approve-action')));
      expect(answers).toMatchObject([{ approved_count: 1 }, { approved_count: 1 }]);
      await hive.until('one of them opened', async () => (await total(hive.nodes, second)) > 0);
      expect(await a.call('hive-approve-action', { action_id: 1 })).toMatchObject({
        error: 'action_over',
        message: expect.any(String),
        remedy: expect.any(String),
      });

      await confirmed(hive, [a, b]);
      for (const other of [b, c]) {
        hive.fleet.world.setFaults(a.id, other.id, { partitioned: true });
      }
      const [cut, whole] = await Promise.all([open(a, third, 'cut'), open(b, third, 'whole')]);
      expect(whole).toMatchObject({ state: 'done' });
      expect(cut).toMatchObject({
        state: 'waiting',
        reason: { code: 'asking_hive', remedy: expect.any(String) },
        grants: { have: 1, need: 2, silent: [expect.any(String), expect.any(String)] },
      });
      for (const target of [first, second, third]) {
        expect(await total(hive.nodes, target)).toBe(1);
      }
      const overruled = { order: 'cut', confirm: true };
      expect(await a.call('hive-lock-overrule', overruled)).toMatchObject({ state: 'done' });
    });
  }, 180_000);
});

describe('cl-hive is killed at its calls of lightningd while it opens', () => {
  const FATES: readonly Fate[] = [
    ...Array.from({ length: 10 }, (_, index) => ({ nth: index + 1, how: 'die_after' }) as const),
    { nth: 1, method: 'fundchannel', how: 'die_before' },
    { nth: 1, method: 'fundchannel', how: 'die_after' },
    { nth: 1, method: 'fundchannel', how: 'lose' },
  ];

  it('IN-07, KX-10: it opens at most once, and what became of it is found', async () => {
    await withHive(3, FAILSAFE, async (hive) => {
      const [a, b] = hive.nodes as [TestNode, TestNode];
      const states = new Map<string, number>();
      for (const [index, fate] of FATES.entries()) {
        const target = hive.targets[index];
        if (target === undefined) {
          throw new RangeError('the public network has too few keys');
        }
        const id = `k${index}`;
        const where = `${fate.nth} ${fate.method ?? 'call'} ${fate.how}`;
        setFate(a.lightningDir, fate);
        await open(a, target, id).catch(() => undefined);
        setFate(a.lightningDir, undefined);
        if (!a.plugin.running().includes('cl-hive.js')) {
          await hive.revive(a);
        }
        await open(b, target, `rival${index}`).catch(() => undefined);
        const order = await orderOf(a, id);
        const last = order === undefined ? 'never' : textOf((await settled(hive, a, id))['state']);
        expect(await channelsTo(a, target), where).toBe(last === 'done' ? 1 : 0);
        expect(await total(hive.nodes, target), where).toBeLessThanOrEqual(1);
        states.set(last, (states.get(last) ?? 0) + 1);
        hive.fleet.world.mine(7);
      }
      expect([...states.keys()]).toEqual(expect.arrayContaining(['done', 'failed', 'never']));
    });
  }, 240_000);
});
