import {
  type CommsTables,
  commsMigrations,
  DEFAULT_POLICY,
  drive,
  type EffectResult,
  type Grant,
  handleOrder,
  historyMigration,
  type Intent,
  listStops,
  OPERATOR,
  type Order,
  orderCommand,
  type PayMethod,
  type PipelinePorts,
  PipelineStore,
  type PolicyRules,
  payingMigration,
  pricesMigration,
  readOrder,
  recover,
  removeStop,
  saveGrant,
  savePolicy,
  type WordResult,
} from '@cl-hive/comms';
import { isCodedError, type Msat, type NodeId, type UnixMs } from '@cl-hive/core';
import { type Migration, openStore, type Store } from '@cl-hive/store';
import { TestDatabases } from '@cl-hive/store/testing';
import { VirtualClock } from '@cl-hive/testkit';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Desk, Effects, newDisk } from './memory-desk.ts';

const NODE = `02${'ab'.repeat(32)}` as NodeId;
const PEER = `03${'cd'.repeat(32)}` as NodeId;
const FIRST: Migration = {
  id: 1,
  name: 'plugin',
  sql: (ddl) => [ddl.table('comms_meta', `key ${ddl.text} primary key`, `value ${ddl.text}`)],
};
const MIGRATIONS = [
  FIRST,
  ...commsMigrations,
  historyMigration(4),
  payingMigration(5),
  pricesMigration(6),
];
const DAY = 86_400_000;

const databases = new TestDatabases('sqlite');
const stores: Store<CommsTables>[] = [];
afterAll(async () => {
  for (const store of stores) {
    await store.close();
  }
  await databases.remove();
});

/** A node whose payments end as each order's own script says. */
class Bench {
  readonly store: Store<CommsTables>;
  readonly clock: VirtualClock;
  readonly pipeline: PipelineStore;
  /** What the node was told to do, and what it really sent, by intent. */
  readonly sent = new Map<number, bigint>();
  readonly #scripts = new Map<string, Script>();
  #references = 0;

  private constructor(store: Store<CommsTables>, clock: VirtualClock, pipeline: PipelineStore) {
    this.store = store;
    this.clock = clock;
    this.pipeline = pipeline;
  }

  static async open(rules: Partial<PolicyRules>, grants: readonly Grant[]): Promise<Bench> {
    const clock = new VirtualClock();
    const store = await openStore<CommsTables>({
      location: await databases.location(),
      owner: 'cl-hive-comms',
      migrations: MIGRATIONS,
      clock,
      log: () => undefined,
    });
    stores.push(store);
    await store.transact(async (tx) => {
      await savePolicy(tx, {
        preset: 'aggressive',
        settings: rules,
        overrides: [],
        forbiddenPeers: new Set([PEER]),
        protectedChannels: new Set(),
        nextOverride: 1,
      });
      for (const grant of grants) {
        await saveGrant(tx, grant);
      }
    });
    const options = { store, clock, node: NODE, epoch: 0, onStep: () => undefined };
    return new Bench(store, clock, await PipelineStore.open(options));
  }

  /** Orders; the effect goes as `script` says. */
  order(wanted: Partial<Order>, script: Script = 'works', key?: string): Promise<WordResult> {
    this.#references += 1;
    const reference = wanted.reference ?? `r${this.#references}`;
    this.#scripts.set(reference, script);
    const order: Order = {
      method: 'bolt11',
      purpose: 'service',
      amountMsat: 1000n as Msat,
      feeMsat: 10n as Msat,
      payee: 'somebody',
      peers: [],
      detail: {},
      ...wanted,
      reference,
    };
    const askDigest = JSON.stringify([order.purpose, String(order.amountMsat)]);
    const claim = { order, askDigest, idempotencyKey: key, route: {} };
    return drive(handleOrder(claim), this.ports);
  }

  /** Brings what is not finished to its outcome, as a start does. */
  async recover(): Promise<void> {
    for (const intent of await this.pipeline.unfinished()) {
      await drive(recover(intent), this.ports);
    }
  }

  get ports(): PipelinePorts {
    const { pipeline } = this;
    const { ports } = new Desk(newDisk([], DEFAULT_POLICY, []), new Effects());
    return {
      ...ports,
      order: ({ order }) => pipeline.order(order, () => undefined),
      start: async ({ intent }) => {
        await pipeline.start(intent.id);
        return undefined;
      },
      execute: async ({ intent }) => this.#run(intent),
      observe: async () => ({ stateAfter: undefined, confirmed: undefined }),
      reconcile: async ({ intent }) => {
        const left = this.sent.get(intent.id);
        return left === undefined
          ? { kind: 'failed', message: 'it never happened' }
          : { kind: 'executed', result: {}, leftMsat: left as Msat };
      },
      record: ({ intent, result, observation }) => pipeline.record(intent.id, result, observation),
      answer: async () => undefined,
      answered: async ({ intent }) => {
        await pipeline.answered(intent);
        return undefined;
      },
    };
  }

  async #run(intent: Intent): Promise<EffectResult> {
    const { amountMsat, feeMsat, reference = '' } = readOrder(intent.command);
    const left = (amountMsat + feeMsat / 2n) as Msat;
    await Promise.resolve();
    switch (this.#scripts.get(reference)) {
      case 'fails':
        return { kind: 'failed', message: 'no route' };
      case 'lost':
        this.sent.set(intent.id, left);
        return { kind: 'unknown', message: 'no answer' };
      case 'nothing':
        return { kind: 'unknown', message: 'no answer' };
      case 'undelivered':
        this.sent.set(intent.id, left);
        return { kind: 'executed', result: {}, leftMsat: left, undelivered: 'nothing came' };
      default:
        this.sent.set(intent.id, left);
        return { kind: 'executed', result: {}, leftMsat: left };
    }
  }
}

interface Left {
  readonly at: number;
  readonly amount: bigint;
  readonly purpose: string;
  readonly sure: boolean;
}

type Script = 'works' | 'fails' | 'lost' | 'nothing' | 'undelivered';

function grantOf(amountMsat: bigint, more: Partial<Grant> = {}): Grant {
  return {
    id: 1,
    advisor: OPERATOR,
    mode: 'act',
    tier: 'admin',
    actions: 'all',
    constraints: {},
    spend: { amountMsat: amountMsat as Msat, until: Date.parse('2100-01-01') as UnixMs },
    from: 0 as UnixMs,
    ...more,
  };
}

const codeOf = (word: WordResult): string =>
  word.kind === 'refused'
    ? word.refusal.code
    : (word.answer.outcome.code ?? word.answer.outcome.outcome);

describe('an order', () => {
  it('is off until the operator grants an amount', async () => {
    const bench = await Bench.open({}, []);
    expect(codeOf(await bench.order({}))).toBe('paying_off');
    const over = { amountMsat: 5000n as Msat, until: 1 as UnixMs };
    await bench.store.transact((tx) => saveGrant(tx, grantOf(1n, { spend: over })));
    expect(codeOf(await bench.order({}))).toBe('paying_off');
    expect(bench.sent.size).toBe(0);
  });

  it('is held by grant, purpose, named nodes and hands off', async () => {
    const peers = new Set([NODE]);
    const bench = await Bench.open({}, [
      grantOf(1010n, { constraints: { purposes: new Set(['service']) } }),
      grantOf(5000n, { id: 2, constraints: { purposes: new Set(['named']), peers } }),
      grantOf(5000n, {
        id: 3,
        constraints: { purposes: new Set(['small']), amountMsatMax: 1009n as Msat },
      }),
    ]);
    expect(codeOf(await bench.order({ purpose: 'other' }))).toBe('purpose_not_granted');
    expect(codeOf(await bench.order({ amountMsat: 1001n as Msat }))).toBe('spend_not_granted');
    expect(codeOf(await bench.order({ peers: [PEER] }))).toBe('peer_forbidden');
    const stranger = `02${'11'.repeat(32)}` as NodeId;
    const named = { purpose: 'named', peers: [stranger] };
    expect(codeOf(await bench.order(named))).toBe('spend_not_granted');
    expect(codeOf(await bench.order({ purpose: 'named', peers: [NODE] }))).toBe('executed');
    expect(codeOf(await bench.order({ purpose: 'small' }))).toBe('spend_not_granted');
    expect(codeOf(await bench.order({}))).toBe('executed');
    expect(codeOf(await bench.order({ amountMsat: 1n as Msat }))).toBe('spend_not_granted');
  });

  it('with the key of an earlier one is not made again, unless that one surely failed', async () => {
    const bench = await Bench.open({}, [grantOf(100_000n)]);
    expect(codeOf(await bench.order({}, 'fails', 'k'))).toBe('execution_failed');
    expect(codeOf(await bench.order({}, 'lost', 'k'))).toBe('outcome_unknown');
    expect(codeOf(await bench.order({}, 'works', 'k'))).toBe('outcome_unknown');
    await bench.recover();
    expect(codeOf(await bench.order({}, 'works', 'k'))).toBe('executed');
    const other = { amountMsat: 2000n as Msat };
    expect(codeOf(await bench.order(other, 'works', 'k'))).toBe('idempotency_conflict');
    expect(bench.sent.size).toBe(1);
  });

  it('I2: pays a reference once, whatever its key, and never while it may be paid', async () => {
    const bench = await Bench.open({}, [grantOf(100_000n)]);
    const same = { reference: 'hash' };
    expect(codeOf(await bench.order(same, 'fails'))).toBe('execution_failed');
    const [one, two] = await Promise.all([bench.order(same, 'lost'), bench.order(same, 'lost')]);
    expect([codeOf(one), codeOf(two)].sort()).toEqual(['outcome_unknown', 'under_way']);
    expect(codeOf(await bench.order(same))).toBe('under_way');
    await bench.recover();
    expect(codeOf(await bench.order(same))).toBe('already_paid');
    expect(bench.sent.size).toBe(1);
  });

  it('that was paid without effect stops its payer until a person says so, and no other', async () => {
    const bench = await Bench.open({}, [grantOf(100_000n)]);
    expect(codeOf(await bench.order({}, 'undelivered'))).toBe('paid_no_effect');
    expect(codeOf(await bench.order({}))).toBe('payer_stopped');
    expect(codeOf(await bench.order({ purpose: 'advisor' }))).toBe('executed');
    const [stop] = await listStops(bench.store.reader);
    expect(stop).toMatchObject({ payer: 'operator/service', reason: 'nothing came' });
    await bench.store.transact((tx) => removeStop(tx, 'operator/service'));
    expect(codeOf(await bench.order({}))).toBe('executed');
  });

  it('reads as it was written, and nothing else is one', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<PayMethod>('bolt11', 'bolt12', 'l402', 'cashu'),
        fc.bigInt({ min: 0n, max: 10n ** 19n }),
        fc.option(fc.string(), { nil: undefined }),
        (method, amount, payee) => {
          const order: Order = {
            method,
            purpose: 'service',
            amountMsat: amount as Msat,
            feeMsat: 7n as Msat,
            payee,
            reference: undefined,
            peers: [PEER],
            detail: { a: [1] },
          };
          expect(readOrder(orderCommand(order))).toEqual(order);
        },
      ),
    );
    const good = orderCommand({
      method: 'bolt11',
      purpose: 'service',
      amountMsat: 1n as Msat,
      feeMsat: 0n as Msat,
      payee: undefined,
      reference: undefined,
      peers: [],
      detail: {},
    });
    const wrong = [
      { ...good, schema: 'hive:payment/v1' },
      { ...good, action: 'keysend' },
      ...[
        { amount_msat: 1 },
        { amount_msat: '-1' },
        { amount_msat: '01' },
        { amount_msat: '9'.repeat(21) },
        { fee_msat: null },
        { purpose: 'A' },
        { purpose: '' },
        { payee: 1 },
        { reference: null },
        { peers: 'x' },
        { detail: [] },
      ].map((bad) => ({ ...good, params: { ...good.params, ...bad } as never })),
    ];
    for (const one of wrong) {
      try {
        readOrder(one);
        expect.unreachable(JSON.stringify(one));
      } catch (error) {
        expect(isCodedError(error, 'order_invalid'), JSON.stringify(one)).toBe(true);
      }
    }
  });
});

describe('limits', () => {
  const step = fc.record({
    wait: fc.constantFrom(0, 1, DAY / 3, DAY - 1, DAY, 3 * DAY),
    clockStep: fc.constantFrom(0, 0, -2 * DAY, 5 * DAY),
    recover: fc.boolean(),
    orders: fc.array(
      fc.record({
        purpose: fc.constantFrom('service', 'settlement'),
        amount: fc.bigInt({ min: 1n, max: 60n }),
        fee: fc.bigInt({ min: 0n, max: 6n }),
        script: fc.constantFrom<Script>('works', 'works', 'fails', 'lost', 'nothing'),
      }),
      { minLength: 1, maxLength: 6 },
    ),
  });

  it('I4, PB-13: hold at every instant against a slow model, whatever runs at once', async () => {
    const limits = { action: 55n, day: 150n, week: 300n, purpose: 90n, grant: 800n };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
        const bench = await Bench.open(
          {
            spendPerActionMsat: limits.action as Msat,
            spendPerHourMsat: 'unlimited',
            spendPerDayMsat: limits.day as Msat,
            spendPerWeekMsat: limits.week as Msat,
            purposePerDayMsat: new Map([['settlement', limits.purpose as Msat]]),
          },
          [grantOf(limits.grant)],
        );
        // The model knows only what may have left: when it may have, how much at most, and for what.
        const may = new Map<number, Left>();
        const within = (ms: number, now: number, purpose?: string): bigint =>
          [...may.values()]
            .filter((one) => !one.sure || one.at > now - ms)
            .filter((one) => purpose === undefined || one.purpose === purpose)
            .reduce((sum, { amount }) => sum + amount, 0n);
        for (const { wait, clockStep, recover: looks, orders } of steps) {
          bench.clock.advance(wait);
          bench.clock.step(clockStep);
          const words = await Promise.all(
            orders.map(({ purpose, amount, fee, script }) =>
              bench.order({ purpose, amountMsat: amount as Msat, feeMsat: fee as Msat }, script),
            ),
          );
          const now = bench.clock.monotonic();
          for (const [index, { purpose, amount, fee }] of orders.entries()) {
            const word = words[index];
            const id = word?.kind === 'done' ? word.answer.intent : undefined;
            const code = word && codeOf(word);
            if (id !== undefined && code === 'executed') {
              may.set(id, { at: now, amount: amount + fee / 2n, purpose, sure: true });
            } else if (id !== undefined && code === 'outcome_unknown') {
              may.set(id, { at: now, amount: amount + fee, purpose, sure: false });
            }
          }
          expect(within(DAY, now) <= limits.day).toBe(true);
          expect(within(7 * DAY, now) <= limits.week).toBe(true);
          expect(within(DAY, now, 'settlement') <= limits.purpose).toBe(true);
          expect([...may.values()].every(({ amount }) => amount <= limits.action)).toBe(true);
          expect(within(Number.POSITIVE_INFINITY, now) <= limits.grant).toBe(true);
          // Not stricter than it says: what alone would fit is not refused.
          const alone = { amountMsat: 1n as Msat, feeMsat: 0n as Msat };
          const room = [
            limits.day - within(DAY, now),
            limits.week - within(7 * DAY, now),
            limits.grant - within(Number.POSITIVE_INFINITY, now),
          ].every((left) => left >= 1n);
          const word = await bench.order(alone, 'fails');
          expect(codeOf(word) === 'execution_failed').toBe(room);
          if (looks) {
            await bench.recover();
            for (const [id, one] of may) {
              const left = bench.sent.get(id);
              if (!one.sure && left === undefined) {
                may.delete(id);
              } else if (!one.sure && left !== undefined) {
                may.set(id, { ...one, at: now, amount: left, sure: true });
              }
            }
          }
        }
      }),
      { numRuns: 12 },
    );
  }, 60_000);
});
