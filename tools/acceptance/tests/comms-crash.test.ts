import { spawnSync } from 'node:child_process';
import path from 'node:path';
import type { JsonObject } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import { Advisor } from './support/advisor.ts';
import { channelOf, verified } from './support/management.ts';
import type { NodeUnderTest } from './support/node.ts';
import { type PairedNode, withPair } from './support/node-pair.ts';
import { DIST } from './support/plugins.ts';

const BASE_MSAT = 100_000;
const ROUNDS = 12;
const PER_ROUND = 4;
/** Kills come within this time after the requests went out, ms; a request takes less. */
const WINDOW_MS = 90;

const SPENDER = {
  mode: 'act',
  tier: 'advanced',
  actions: ['hive:payment/v1'],
  spend: { amount_msat: '10000sat', until: '1d' },
};

const RULES = {
  actions_per_hour: 'unlimited',
  actions_per_day: 'unlimited',
  spend_per_hour_msat: 'unlimited',
  spend_per_day_msat: 'unlimited',
};

function keysend(to: PairedNode, amountMsat: number) {
  const params = { destination: to.id, amount_msat: amountMsat };
  return { schema: 'hive:payment/v1', action: 'keysend', params };
}

async function rules(node: NodeUnderTest, settings: JsonObject): Promise<void> {
  await node.call('hive-client-policy', { action: 'preset', preset: 'aggressive' });
  await node.call('hive-client-policy', { action: 'set', settings });
}

/** How often each amount arrived, as the other node says: what really happened. */
async function arrived({ node }: PairedNode): Promise<ReadonlyMap<number, number>> {
  const { invoices } = await node.call('listinvoices');
  const counts = new Map<number, number>();
  for (const { status, amount_received_msat: amount } of invoices as readonly JsonObject[]) {
    if (status === 'paid') {
      counts.set(Number(amount), (counts.get(Number(amount)) ?? 0) + 1);
    }
  }
  return counts;
}

/** Asks with the same envelope until the outcome is final. */
async function settle(node: NodeUnderTest, advisor: Advisor, envelope: JsonObject) {
  let answer: JsonObject = {};
  await node.until(
    'the request is settled',
    async () => {
      answer = await advisor.send(envelope);
      return !['unknown', 'pending'].includes(String(answer['outcome']));
    },
    () => JSON.stringify(answer),
  );
  return answer;
}

/** Repeatable moments. */
function* moments(): Generator<number> {
  let state = 20_261_121;
  for (;;) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    yield (state / 2 ** 32) * WINDOW_MS;
  }
}

describe('a plugin that is killed while requests run', () => {
  it('does nothing twice, loses nothing, and keeps one chain', async () => {
    await withPair(['cl-hive-comms'], async (first, second) => {
      const { node } = first;
      await node.untilState('cl-hive-comms', 'ready');
      await second.node.untilState('cl-hive-comms', 'ready');
      await channelOf(first, second);
      await rules(node, RULES);
      const at = moments();
      const outcomes = new Map<string, number>();
      let interrupted = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        const asked: { advisor: Advisor; envelope: JsonObject; amount: number }[] = [];
        for (let each = 0; each < PER_ROUND; each += 1) {
          const advisor = await Advisor.authorize(node, `r${round}-${each}`, SPENDER);
          const amount = BASE_MSAT + round * 100 + each;
          asked.push({ advisor, envelope: advisor.signed(keysend(second, amount)), amount });
        }
        const sent = asked.map(({ advisor, envelope }) => advisor.send(envelope).catch(() => null));
        await new Promise((resolve) => setTimeout(resolve, at.next().value));
        await node.killPlugin('cl-hive-comms');
        interrupted += (await Promise.all(sent)).filter((answer) => answer === null).length;
        await node.startPlugin('cl-hive-comms');
        await node.untilState('cl-hive-comms', 'ready');
        for (const { advisor, envelope, amount } of asked) {
          const answer = await settle(node, advisor, envelope);
          const { outcome } = answer;
          const key = `${outcome} ${(answer['reason'] as JsonObject | undefined)?.['code'] ?? ''}`;
          outcomes.set(key, (outcomes.get(key) ?? 0) + 1);
          const count = (await arrived(second)).get(amount) ?? 0;
          expect(count, `${amount}: ${JSON.stringify(answer)}`).toBe(
            outcome === 'executed' ? 1 : 0,
          );
        }
      }
      expect(interrupted, JSON.stringify([...outcomes])).toBeGreaterThan(0);
      await verified(node);
      const { file } = await node.call('hive-client-receipts', { action: 'export' });
      const program = path.join(DIST, 'cl-hive-comms/hive-receipts.js');
      const shown = spawnSync(process.execPath, [program, 'verify', String(file)], {
        encoding: 'utf8',
      });
      expect(shown.status, shown.stdout).toBe(0);
      const { history } = await node.call('hive-client-payments', { limit: 1000 });
      const open = (history as readonly JsonObject[]).filter(
        ({ state }) => state !== 'settled' && state !== 'released',
      );
      expect(open).toEqual([]);
    });
  }, 180_000);
});

describe('200 requests of 50 advisors at once', () => {
  it('run exactly as often as the limit says', async () => {
    await withPair(['cl-hive-comms'], async (first, second) => {
      const { node } = first;
      await node.untilState('cl-hive-comms', 'ready');
      await channelOf(first, second);
      await rules(node, { ...RULES, actions_per_hour: 10 });
      const envelopes: { advisor: Advisor; envelope: JsonObject }[] = [];
      for (let each = 0; each < 50; each += 1) {
        const advisor = await Advisor.authorize(node, `a${each}`, SPENDER);
        for (let time = 0; time < 4; time += 1) {
          const amount = BASE_MSAT + each * 10 + time;
          envelopes.push({ advisor, envelope: advisor.signed(keysend(second, amount)) });
        }
      }
      const answers = await Promise.all(
        envelopes.map(({ advisor, envelope }) => advisor.send(envelope)),
      );
      const ran = answers.filter(({ outcome }) => outcome === 'executed');
      expect(ran).toHaveLength(10);
      const sum = [...(await arrived(second)).values()].reduce((total, count) => total + count, 0);
      expect(sum).toBe(10);
      for (const answer of answers) {
        expect(['executed', 'refused', 'pending']).toContain(answer['outcome']);
      }
      await verified(node);
    });
  }, 120_000);
});
