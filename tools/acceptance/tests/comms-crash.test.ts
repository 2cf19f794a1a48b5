import { spawnSync } from 'node:child_process';
import path from 'node:path';
import type { JsonObject } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import { Advisor, textOf } from './support/advisor.ts';
import { channelOf, verified } from './support/management.ts';
import type { NodeUnderTest } from './support/node.ts';
import { type PairedNode, withPair } from './support/node-pair.ts';
import { DIST } from './support/plugins.ts';

const BASE_MSAT = 100_000;
/** CL_HIVE_KILLS runs a longer soak. */
const ROUNDS = Number(process.env['CL_HIVE_KILLS'] ?? 12);
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

/** Repeatable moments. */
function* moments(): Generator<number> {
  let state = 20_261_121;
  for (;;) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    yield (state / 2 ** 32) * WINDOW_MS;
  }
}

describe('a plugin that is killed while requests run', () => {
  it(
    'KX-10, I2, I3, I4: does nothing twice, loses nothing, and keeps one chain',
    async () => {
      await withPair(['cl-hive-comms'], async (first, second) => {
        const { node } = first;
        await node.untilState('cl-hive-comms', 'ready');
        await second.node.untilState('cl-hive-comms', 'ready');
        await channelOf(first, second);
        await rules(node, RULES);
        const at = moments();
        const outcomes = new Map<string, number>();
        let interrupted = 0;
        let unknown = 0;
        let left = 0;
        for (let round = 0; round < ROUNDS; round += 1) {
          const asked: { advisor: Advisor; envelope: JsonObject; amount: number }[] = [];
          for (let each = 0; each < PER_ROUND; each += 1) {
            const advisor = await Advisor.authorize(node, `r${round}-${each}`, SPENDER);
            const amount = BASE_MSAT + round * 100 + each;
            asked.push({ advisor, envelope: advisor.signed(keysend(second, amount)), amount });
          }
          const sent = asked.map(({ advisor, envelope }) =>
            advisor.send(envelope).catch(() => null),
          );
          await new Promise((resolve) => setTimeout(resolve, at.next().value));
          await node.killPlugin('cl-hive-comms');
          interrupted += (await Promise.all(sent)).filter((answer) => answer === null).length;
          await node.startPlugin('cl-hive-comms');
          await node.untilState('cl-hive-comms', 'ready');
          for (const { advisor, envelope, amount } of asked) {
            // The same envelope once more: it runs now if it was never claimed, else its outcome is told.
            const answer = await advisor.send(envelope);
            const outcome = textOf(answer['outcome']);
            outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
            const count = (await arrived(second)).get(amount) ?? 0;
            const said = `${amount}: ${JSON.stringify(answer)}`;
            if (outcome === 'unknown') {
              unknown += 1;
              expect([0, 1], said).toContain(count);
            } else {
              expect(['executed', 'failed'], said).toContain(outcome);
              expect(count, said).toBe(outcome === 'executed' ? 1 : 0);
            }
          }
        }
        const told = JSON.stringify([...outcomes]);
        expect(interrupted, told).toBeGreaterThan(0);
        const [sum, most] = [...(await arrived(second)).values()].reduce(
          ([total, top], count) => [total + count, Math.max(top, count)],
          [0, 0],
        );
        expect(most, told).toBe(1);
        const executed = outcomes.get('executed') ?? 0;
        expect(sum, told).toBeGreaterThanOrEqual(executed);
        expect(sum, told).toBeLessThanOrEqual(executed + unknown);
        // What lightningd may still be at is in the records as such, and its budget stays reserved.
        await node.until('what is unknown is open in the records', async () => {
          const report = await node.call('hive-client-receipts', { action: 'verify' });
          expect(report).toMatchObject({ ok: true, faults: [] });
          const { requests } = await node.call('hive-client-status');
          left = Number((requests as JsonObject)['outcome_unknown']);
          return (report['open_requests'] as readonly unknown[]).length === left;
        });
        expect(left).toBeLessThanOrEqual(unknown);
        const { file } = await node.call('hive-client-receipts', { action: 'export' });
        const program = path.join(DIST, 'cl-hive-comms/hive-receipts.js');
        const shown = spawnSync(process.execPath, [program, 'verify', textOf(file)], {
          encoding: 'utf8',
        });
        expect(shown.status, shown.stdout).toBe(0);
        const { history } = await node.call('hive-client-payments', { limit: 1000 });
        const states = (history as readonly JsonObject[]).map(({ state }) => state);
        expect(states.filter((state) => state === 'reserved')).toEqual([]);
        expect(states.filter((state) => state === 'unknown').length).toBeLessThanOrEqual(left);
      });
    },
    180_000 + ROUNDS * 5000,
  );
});

describe('200 requests of 50 advisors at once', () => {
  it('DB-09, I4: run exactly as often as the limit says', async () => {
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
