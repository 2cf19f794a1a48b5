import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JsonObject } from '@cl-hive/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textOf } from './support/advisor.ts';
import { buildKillable, dieAt } from './support/killable.ts';
import { startLabMint } from './support/lab-mint.ts';
import { channelOf } from './support/management.ts';
import type { NodeUnderTest } from './support/node.ts';
import { withPair } from './support/node-pair.ts';

/** Places to die at while a token is made, in their order; `#n` is the n-th time. */
const PLACES = [
  'port:order:before',
  'decideOrder:after',
  'putIntent:after',
  'port:order:after',
  'port:start:after',
  'executeEffect:before',
  'Preparer.send:before',
  'holdProofs:after',
  'takeCounters:after',
  'putOperation:after',
  'Preparer.send:after',
  'rpc:datastore:before',
  'rpc:datastore:answered',
  'Courier.run:before',
  'putOperation:before#2',
  'putOperation:after#2',
  'dropProofs:after',
  'addProofs:after',
  'addProofs:after#2',
  'putOperation:after#3',
  'Courier.run:after',
  'executeEffect:after',
  'observeEffect:before',
  'port:record:before',
  'decideOutcome:after',
  'port:record:after',
] as const;

const base = mkdtempSync(path.join(tmpdir(), 'hive-cashu-kill-'));
let plugin = '';
beforeAll(async () => {
  plugin = await buildKillable('cl-hive-comms', path.join(base, 'cl-hive-comms'));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

const wallet = (node: NodeUnderTest, action: string, params: JsonObject = {}) =>
  node.call('hive-client-wallet', { action, ...params });

/** What a wallet can spend, and all that is open or given, in msat. */
async function holds(node: NodeUnderTest): Promise<{ spendable: number; other: number }> {
  const { mints } = await wallet(node, 'balance');
  const sum = (...names: readonly string[]) =>
    (mints as readonly JsonObject[])
      .flatMap((one) => names.map((name) => Number(one[name])))
      .reduce((all, msat) => all + msat, 0);
  return { spendable: sum('spendable_msat'), other: sum('held_msat', 'sent_msat') };
}

describe('a plugin that is killed while it makes a token', () => {
  it('KX-01, I2, I4: gives each token once and forgets nothing', async () => {
    await withPair([{ path: plugin }], async (first, second) => {
      const { node } = first;
      const mint = await startLabMint(second.node);
      try {
        await node.untilState('cl-hive-comms', 'ready');
        await second.node.untilState('cl-hive-comms', 'ready');
        await channelOf(first, second);
        const at = { mint: mint.url };
        await node.call('hive-client-policy', {
          action: 'set',
          settings: { spend_per_day_msat: 'unlimited', spend_per_hour_msat: 'unlimited' },
        });
        for (const one of [node, second.node]) {
          const grant = { action: 'grant', amount_msat: '100000sat', until: '1d' };
          await one.call('hive-client-payments', grant);
          await one.call('hive-client-mints', { action: 'add', ...at, private: true });
        }
        await wallet(node, 'mint', { ...at, amount_msat: '2000sat' });
        const kill = { name: 'cl-hive-comms', entry: plugin } as const;
        const tokens = new Set<string>();
        for (const [index, place] of PLACES.entries()) {
          const wish = { ...at, amount_msat: `${10 + index}sat`, key: `k${index}` };
          await dieAt(node, kill, [place], () => wallet(node, 'send', wish));
          const sent = await wallet(node, 'send', wish);
          const said = `${place}: ${JSON.stringify(sent)}`;
          expect(sent, said).toMatchObject({ payment: { outcome: 'executed' } });
          const token = textOf(sent['token']);
          expect(textOf((await wallet(node, 'send', wish))['token']), said).toBe(token);
          tokens.add(token);
          expect(
            (await wallet(second.node, 'receive', { token }))['operation'],
            said,
          ).toMatchObject({
            state: 'done',
            amount_msat: (10 + index) * 1000,
          });
        }
        expect(tokens.size).toBe(PLACES.length);
        await wallet(node, 'look');
        const mine = await holds(node);
        const theirs = await holds(second.node);
        expect([mine.other, theirs.other]).toEqual([0, 0]);
        expect(mine.spendable + theirs.spendable).toBe(mint.mint.outstanding * 1000);
        const { balances } = await node.call('hive-client-payments');
        const { spent_msat: spent, reserved_msat, unknown_msat } = balances as JsonObject;
        expect((spent as JsonObject)['cashu']).toBe(2_000_000 - mine.spendable);
        expect([reserved_msat, unknown_msat]).toEqual([0, 0]);
        const report = await node.call('hive-client-receipts', { action: 'verify' });
        expect(report).toMatchObject({ ok: true, faults: [] });
      } finally {
        await mint.close();
      }
    });
  }, 240_000);
});
