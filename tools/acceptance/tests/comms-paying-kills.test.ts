import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JsonObject } from '@cl-hive/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textOf } from './support/advisor.ts';
import { buildKillable, dieAt } from './support/killable.ts';
import { channelOf } from './support/management.ts';
import type { NodeUnderTest } from './support/node.ts';
import { type PairedNode, withPair } from './support/node-pair.ts';

/** What asking again with the same key gives after a kill. */
type Fate =
  /** Surely nothing had left: it is paid now, as if it had never been asked for. */
  | 'paid now'
  /** Whether lightningd was asked cannot be told yet: nothing is tried, the money stays reserved. */
  | 'unknown'
  /** It had left: found, and told. */
  | 'was paid';

const PLACES: readonly (readonly [fate: Fate, places: readonly string[]])[] = [
  ['paid now', ['port:order:before', 'decideOrder:before', 'decideOrder:after']],
  ['paid now', ['putIntent:after', 'putEntry:after', 'addReceipt:after']],
  ['paid now', ['port:order:after', 'port:start:before', 'port:start:after']],
  ['paid now', ['executeEffect:before', 'rpc:listpays:answered', 'rpc:datastore:before']],
  ['unknown', ['rpc:datastore:answered', 'sendInvoice:before', 'rpc:xpay:before']],
  ['was paid', ['rpc:xpay:sent', 'rpc:xpay:answered', 'sendInvoice:after']],
  ['was paid', ['executeEffect:after', 'observeEffect:before', 'observeEffect:after']],
  ['was paid', ['port:record:before', 'decideOutcome:after', 'port:record:after']],
  ['was paid', ['port:answered:before', 'port:answered:after']],
];

/** Places to die at, then at the recovery from that. */
const TWICE: readonly (readonly [fate: Fate, ...places: string[]])[] = [
  ['paid now', 'port:order:after', 'port:record:before', 'port:record:after'],
  ['was paid', 'rpc:xpay:sent', 'port:reconcile:before', 'port:reconcile:after'],
  ['was paid', 'rpc:xpay:answered', 'decideOutcome:after', 'port:record:after'],
];

const OUTCOMES: Readonly<Record<Fate, JsonObject>> = {
  'paid now': { outcome: 'executed' },
  unknown: { outcome: 'unknown', code: 'outcome_unknown', repeated: true },
  'was paid': { outcome: 'executed', repeated: true },
};

const BASE_MSAT = 100_000;
const UNLIMITED = {
  spend_per_action_msat: 'unlimited',
  spend_per_hour_msat: 'unlimited',
  spend_per_day_msat: 'unlimited',
  spend_per_week_msat: 'unlimited',
};

const base = mkdtempSync(path.join(tmpdir(), 'hive-pay-kill-'));
let plugin = '';
beforeAll(async () => {
  plugin = await buildKillable('cl-hive-comms', path.join(base, 'cl-hive-comms'));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** How often each amount arrived, as the payee's node says. */
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

/** What lightningd says left, to the msat. */
async function left(node: NodeUnderTest): Promise<bigint> {
  const { pays } = await node.call('listpays');
  return (pays as readonly JsonObject[])
    .filter(({ status }) => status === 'complete')
    .reduce((sum, { amount_sent_msat: sent }) => sum + BigInt(sent as number), 0n);
}

/** What is asked for, by method; asked for again it is the same. */
type Ask = (amount: number) => Promise<JsonObject>;

async function asks(payee: NodeUnderTest): Promise<Readonly<Record<'bolt11' | 'bolt12', Ask>>> {
  const { offer } = await payee.call('hive-client-offer', { description: 'as you like' });
  return {
    bolt11: async (amount) => {
      const made = await payee.call('hive-client-invoice', {
        amount_msat: amount,
        key: String(amount),
      });
      return { invoice: textOf(made['bolt11']) };
    },
    bolt12: async (amount) => ({ offer: textOf(offer), amount_msat: amount }),
  };
}

describe('a plugin that is killed while it pays', () => {
  const all = [
    ...PLACES.flatMap(([fate, places]) => places.map((place) => ({ fate, places: [place] }))),
    ...TWICE.map(([fate, ...places]) => ({ fate, places })),
  ];

  it.each(['bolt11', 'bolt12'] as const)(
    'KX-01, I2, I4: pays nothing twice and forgets nothing, by %s',
    async (method) => {
      await withPair([{ path: plugin }], async (first, second) => {
        const { node } = first;
        await node.untilState('cl-hive-comms', 'ready');
        await second.node.untilState('cl-hive-comms', 'ready');
        await channelOf(first, second);
        await node.call('hive-client-policy', { action: 'set', settings: UNLIMITED });
        const grant = { action: 'grant', amount_msat: '500000sat', until: '1d' };
        await node.call('hive-client-payments', grant);
        let index = 0;
        let unknownMsat = 0n;
        const ask = (await asks(second.node))[method];
        for (const { fate, places } of all) {
          index += 1;
          const amount = BASE_MSAT + index;
          const wanted = { ...(await ask(amount)), max_fee_msat: 1000, key: `k${index}` };
          const kill = { name: 'cl-hive-comms', entry: plugin } as const;
          await dieAt(node, kill, places, () => node.call('hive-client-pay', wanted));
          const answer = await node.call('hive-client-pay', wanted);
          const said = `${method}, ${places.join(', ')}: ${JSON.stringify(answer)}`;
          expect(answer, said).toMatchObject({ ...OUTCOMES[fate], method });
          const effects = (await arrived(second)).get(amount) ?? 0;
          expect(effects, said).toBe(fate === 'unknown' ? 0 : 1);
          const again = await node.call('hive-client-pay', wanted);
          expect(again, said).toMatchObject({ outcome: answer['outcome'], repeated: true });
          unknownMsat += fate === 'unknown' ? BigInt(amount + 1000) : 0n;
        }
        expect(Math.max(...(await arrived(second)).values())).toBe(1);
        const { balances, history } = await node.call('hive-client-payments', { limit: 1000 });
        const { spent_msat: spent, reserved_msat, unknown_msat } = balances as JsonObject;
        const settled = Object.values(spent as JsonObject).reduce<bigint>(
          (sum, amount) => sum + BigInt(amount as number),
          0n,
        );
        expect(settled).toBe(await left(node));
        expect(reserved_msat).toBe(0);
        expect(BigInt(unknown_msat as number)).toBe(unknownMsat);
        expect((history as JsonObject[]).some(({ state }) => state === 'reserved')).toBe(false);
        const report = await node.call('hive-client-receipts', { action: 'verify' });
        expect(report).toMatchObject({ ok: true, faults: [] });
      });
    },
    240_000,
  );
});
