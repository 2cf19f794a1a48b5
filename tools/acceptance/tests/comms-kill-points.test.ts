import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JsonObject } from '@cl-hive/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Advisor, textOf } from './support/advisor.ts';
import { buildKillable, dieAt as dieWith } from './support/killable.ts';
import { channelOf } from './support/management.ts';
import type { NodeUnderTest } from './support/node.ts';
import { type PairedNode, withPair } from './support/node-pair.ts';
import { DIST } from './support/plugins.ts';

/** What became of a request whose plugin was killed, as its sender learns by asking again. */
type Fate =
  /** Nothing was claimed: asked again, it runs. */
  | 'runs now'
  /** Claimed and never begun: it says so and never runs late. */
  | 'not started'
  /** Begun, but lightningd was not asked. */
  | 'not tried'
  /** Whether lightningd was asked cannot be told yet: its money stays reserved, the node keeps looking. */
  | 'unknown'
  /** Done, and found or recorded. */
  | 'done';

/** Places to die at, by stage of the pipeline, in its order. */
const STAGES: readonly (readonly [stage: string, fate: Fate, places: readonly string[]])[] = [
  ['size', 'runs now', ['decodeRequest:before', 'parseStrictJson:before']],
  ['decode', 'runs now', ['parseStrictJson:after', 'decodeRequest:after']],
  ['clock', 'runs now', ['isTimely:before', 'isTimely:after', 'parseCommand:after']],
  ['rate', 'runs now', ['checkRate:after', 'checkRate:after#2']],
  ['authenticate', 'runs now', ['port:authenticate:before', 'authenticateSigned:after']],
  ['authorise', 'runs now', ['port:authenticate:after', 'resolvePrincipal:after']],
  ['facts', 'runs now', ['port:facts:before', 'port:facts:after']],
  ['replay', 'runs now', ['port:claim:before', 'judgeNonce:after']],
  ['danger and policy', 'runs now', ['judge:before', 'judge:after']],
  ['budget', 'runs now', ['judgeReserve:after', 'decideClaim:after']],
  ['claim, uncommitted', 'runs now', ['putIntent:after', 'putEntry:after', 'addReceipt:after']],
  ['claim, committed', 'not started', ['port:claim:after', 'port:start:before']],
  ['execute, begun', 'not tried', ['port:start:after', 'executeEffect:before']],
  ['execute, before the RPC', 'not tried', ['rpc:wait:answered', 'rpc:datastore:before']],
  ['execute, marked', 'unknown', ['rpc:datastore:answered', 'rpc:xkeysend:before']],
  ['execute, RPC sent', 'done', ['rpc:xkeysend:sent']],
  ['execute, RPC answered', 'done', ['rpc:xkeysend:answered', 'executeEffect:after']],
  ['effect check', 'done', ['observeEffect:before', 'observeEffect:after']],
  ['receipt, uncommitted', 'done', ['port:record:before', 'decideOutcome:after']],
  ['receipt, committed', 'done', ['port:record:after']],
  ['answer', 'done', ['port:answer:before', 'port:answer:after']],
  ['answered', 'done', ['port:answered:before', 'port:answered:after']],
];

/** Places to die at, then at the recovery from that. */
const TWICE: readonly (readonly [fate: Fate, ...places: string[]])[] = [
  ['not started', 'port:claim:after', 'port:record:before', 'port:record:after'],
  ['done', 'rpc:xkeysend:sent', 'port:reconcile:before', 'port:reconcile:after'],
  ['done', 'rpc:xkeysend:answered', 'decideOutcome:after', 'port:record:after'],
  ['done', 'port:record:after', 'port:answer:before', 'port:answered:after'],
];

const OUTCOMES: Readonly<Record<Fate, JsonObject>> = {
  'runs now': { outcome: 'executed' },
  'not started': { outcome: 'failed', reason: { code: 'not_started' } },
  'not tried': { outcome: 'failed', reason: { code: 'execution_failed' } },
  unknown: { outcome: 'unknown', reason: { code: 'outcome_unknown' } },
  done: { outcome: 'executed' },
};

const BASE_MSAT = 100_000;
const SPENDER = {
  mode: 'act',
  tier: 'advanced',
  actions: ['hive:payment/v1'],
  spend: { amount_msat: '10000sat', until: '1d' },
};
const UNLIMITED = {
  actions_per_hour: 'unlimited',
  actions_per_day: 'unlimited',
  spend_per_hour_msat: 'unlimited',
  spend_per_day_msat: 'unlimited',
};

const base = mkdtempSync(path.join(tmpdir(), 'hive-kill-'));
let plugin = '';
beforeAll(async () => {
  plugin = await buildKillable('cl-hive-comms', path.join(base, 'cl-hive-comms'));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

const keysend = (to: PairedNode, amountMsat: number) => ({
  schema: 'hive:payment/v1',
  action: 'keysend',
  params: { destination: to.id, amount_msat: amountMsat },
});

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

/** Two nodes on the killable plugin, with a policy that leaves the decision to grants. */
async function world(
  test: (node: NodeUnderTest, first: PairedNode, second: PairedNode) => Promise<void>,
): Promise<void> {
  await withPair([{ path: plugin }], async (first, second) => {
    const { node } = first;
    await node.untilState('cl-hive-comms', 'ready');
    await second.node.untilState('cl-hive-comms', 'ready');
    await channelOf(first, second);
    await node.call('hive-client-policy', { action: 'preset', preset: 'aggressive' });
    await node.call('hive-client-policy', { action: 'set', settings: UNLIMITED });
    await test(node, first, second);
  });
}

const dieAt = (node: NodeUnderTest, places: readonly string[], act: () => Promise<unknown>) =>
  dieWith(node, { name: 'cl-hive-comms', entry: plugin }, places, act);

/** The receipts of a node, by the digest of the request that they are about. */
function receiptsOf(file: string): ReadonlyMap<number, readonly string[]> {
  const kinds = new Map<number, string[]>();
  for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
    const { kind, data } = (JSON.parse(line) as { body: { kind: string; data: JsonObject } }).body;
    if (typeof data['intent'] === 'number' && kind !== 'approval') {
      const all = kinds.get(data['intent']) ?? [];
      kinds.set(data['intent'], [...all, kind]);
    }
  }
  return kinds;
}

/** The chain as the shipped command verifies it, with nothing but the export. */
async function exportVerified(node: NodeUnderTest): Promise<string> {
  const { file } = await node.call('hive-client-receipts', { action: 'export' });
  const program = path.join(DIST, 'cl-hive-comms/hive-receipts.js');
  const shown = spawnSync(process.execPath, [program, 'verify', textOf(file)], {
    encoding: 'utf8',
  });
  expect(shown.status, shown.stdout + shown.stderr).toBe(0);
  return textOf(file);
}

describe('a plugin that is killed at a stage of the pipeline', () => {
  const all = [
    ...STAGES.flatMap(([stage, fate, places]) =>
      places.map((place) => ({ stage, fate, places: [place] })),
    ),
    ...TWICE.map(([fate, ...places]) => ({ stage: 'recovery', fate, places })),
  ];

  it('KX-01, RP-03, RP-04, I2, I3, I4: does nothing twice and loses nothing, at each of them', async () => {
    await world(async (node, _first, second) => {
      const alice = await Advisor.authorize(node, 'alice', SPENDER);
      const asked: { fate: Fate; amount: number }[] = [];
      for (const [index, { stage, fate, places }] of all.entries()) {
        const amount = BASE_MSAT + index;
        const envelope = alice.signed(keysend(second, amount));
        await dieAt(node, places, () => alice.send(envelope));
        const answer = await alice.send(envelope);
        const said = `${stage}, ${places.join(', ')}: ${JSON.stringify(answer)}`;
        expect(answer, said).toMatchObject(OUTCOMES[fate]);
        const effects = (await arrived(second)).get(amount) ?? 0;
        expect(effects, said).toBe(answer['outcome'] === 'executed' ? 1 : 0);
        expect(await alice.send(envelope), said).toMatchObject({ outcome: answer['outcome'] });
        asked.push({ fate, amount });
      }
      expect(Math.max(...(await arrived(second)).values())).toBe(1);

      const kinds = receiptsOf(await exportVerified(node));
      const unknown = asked.filter(({ fate }) => fate === 'unknown').length;
      const wanted = { intent: asked.length, outcome: asked.length - unknown, unknown };
      for (const [kind, count] of Object.entries(wanted)) {
        const found = [...kinds.values()].filter((one) => one.includes(kind)).length;
        expect(found, kind).toBe(count);
      }
      const report = await node.call('hive-client-receipts', { action: 'verify' });
      expect(report).toMatchObject({ ok: true, faults: [] });
      expect(report['open_requests']).toHaveLength(unknown);
      const { requests } = await node.call('hive-client-status');
      expect(requests).toMatchObject({ outcome_unknown: unknown });
      const { history } = await node.call('hive-client-payments', { limit: 1000 });
      const states = (history as readonly JsonObject[]).map(({ state }) => state);
      expect(states.filter((state) => state === 'reserved')).toEqual([]);
      expect(states.filter((state) => state === 'unknown')).toHaveLength(unknown);
    });
  }, 180_000);
});

describe('a plugin that is killed around an approval', () => {
  it('KX-01, PB-16: keeps what waits, and carries it out once', async () => {
    await world(async (node, _first, second) => {
      await node.call('hive-client-policy', {
        action: 'set',
        settings: { always_approve: ['hive:payment/v1 keysend'] },
      });
      const bob = await Advisor.authorize(node, 'bob', SPENDER);
      let index = 0;
      const next = () => {
        index += 1;
        const amount = BASE_MSAT + index;
        return { amount, envelope: bob.signed(keysend(second, amount)) };
      };
      const waiting = async () => {
        const { pending } = await node.call('hive-client-pending');
        return pending as readonly JsonObject[];
      };
      for (const place of [
        'putIntent:after',
        'port:claim:after',
        'port:notify:before',
        'port:notify:after',
      ]) {
        const { amount, envelope } = next();
        await dieAt(node, [place], () => bob.send(envelope));
        const answer = await bob.send(envelope);
        expect(answer, place).toMatchObject({ outcome: 'pending' });
        expect(await waiting(), place).toHaveLength(1);
        await node.call('hive-client-approve', { id: Number(answer['approval']) });
        expect((await arrived(second)).get(amount), place).toBe(1);
      }
      const approving = [
        ['waits', 'port:waiting:after'],
        ['waits', 'port:facts:after'],
        ['waits', 'decideApproval:after'],
        ['waits', 'putEntry:after'],
        ['not started', 'port:approve:after'],
        ['not tried', 'port:start:after'],
        ['done', 'rpc:xkeysend:sent'],
        ['done', 'rpc:xkeysend:answered'],
        ['done', 'port:record:after'],
      ] as const;
      for (const [fate, place] of approving) {
        const { amount, envelope } = next();
        const { approval } = await bob.send(envelope);
        const approve = () => node.call('hive-client-approve', { id: Number(approval) });
        await dieAt(node, [place], approve);
        if (fate === 'waits') {
          expect(await waiting(), place).toHaveLength(1);
          await approve();
        }
        expect(await waiting(), place).toHaveLength(0);
        const again = await node.refusal('hive-client-approve', { id: Number(approval) });
        expect(again.rpcData, place).toMatchObject({ code: 'approval_unknown' });
        const answer = await bob.send(envelope);
        expect(answer, place).toMatchObject(
          fate === 'waits' ? { outcome: 'executed' } : OUTCOMES[fate],
        );
        const effects = (await arrived(second)).get(amount) ?? 0;
        expect(effects, place).toBe(answer['outcome'] === 'executed' ? 1 : 0);
      }
      await exportVerified(node);
    });
  }, 120_000);

  it('KX-01, PB-22: leaves one receipt of a dangerous request that it refused', async () => {
    await world(async (node, _first, second) => {
      const alice = await Advisor.authorize(node, 'alice', SPENDER);
      const places = ['port:refuse:before', 'addReceipt:after', 'port:refuse:after'];
      for (const place of places) {
        const { params, ...ask } = keysend(second, BASE_MSAT);
        const envelope = alice.signed({ ...ask, params: { ...params, extra: true } });
        await dieAt(node, [place], () => alice.send(envelope));
        expect(await alice.send(envelope), place).toMatchObject({ outcome: 'refused' });
      }
      const lines = readFileSync(await exportVerified(node), 'utf8')
        .trim()
        .split('\n');
      expect(lines.filter((line) => line.includes('"kind":"refusal"'))).toHaveLength(places.length);
    });
  }, 60_000);
});
