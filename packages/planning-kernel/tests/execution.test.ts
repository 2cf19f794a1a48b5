import {
  advisorPort,
  approve,
  canonicalJson,
  compareSubmissions,
  dryRunPort,
  EMPTY_LEDGER,
  type ExecutableOrder,
  type ExecutionPort,
  executableOrders,
  type Ledger,
  type Observation,
  type ObservedChannel,
  type OrderBook,
  observe,
  plan,
  reject,
  shadowPort,
  submitAll,
  type Truth,
  truthOf,
} from '@cl-hive/planning-kernel';
import { executionPortFaults } from '@cl-hive/planning-kernel/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shuffled } from './random-snapshot.ts';
import { HUBS, MEMBERS, sampleSnapshot } from './sample.ts';

const NOW = 1_770_000_000_000;

/** The sample's opening, and one order of every other side. */
const ORDERS: readonly ExecutableOrder[] = executableOrders(
  plan(
    sampleSnapshot({
      requests: ['splice_in', 'splice_out', 'close', 'lease_buy', 'lease_sell'].map((side) => ({
        member: MEMBERS[0],
        target: HUBS[0],
        side,
        type: 'market',
        quantitySat: 1_000_000,
        minSat: 0,
        stepSat: 1,
        channelId: side.startsWith('lease') ? null : 'cd'.repeat(32),
      })),
    }),
  ),
);

function first(): ExecutableOrder {
  const order = ORDERS.find((o) => o.side === 'open');
  if (order === undefined) {
    throw new Error('the sample opens nothing');
  }
  return order;
}

describe('adapters', () => {
  it('have orders of all six sides to submit', () => {
    expect(ORDERS.map((o) => o.side).sort()).toEqual([
      'close',
      'lease_buy',
      'lease_sell',
      'open',
      'splice_in',
      'splice_out',
    ]);
  });

  it('all keep the contract: the same submissions for the same plan', () => {
    expect(executionPortFaults(dryRunPort, ORDERS)).toEqual([]);
    expect(executionPortFaults(advisorPort, ORDERS)).toEqual([]);
    expect(executionPortFaults(shadowPort(advisorPort, dryRunPort), ORDERS)).toEqual([]);
  });

  it('are found out by the contract when they do not', () => {
    const faulty = (change: Partial<ExecutionPort<OrderBook, never>>): readonly string[] =>
      executionPortFaults({ ...dryRunPort, ...change }, ORDERS);
    expect(faulty({ submissions: (s) => s.entries.map((e) => e.order).reverse() })).toContain(
      'dry-run: submits other orders than the plan, or in another sequence',
    );
    expect(faulty({ submissions: (s) => s.entries.slice(1).map((e) => e.order) })).not.toEqual([]);
    expect(
      faulty({ submit: (state) => ({ state, outcome: { kind: 'accepted' }, commands: [] }) }),
    ).not.toEqual([]);
    expect(
      faulty({ cancel: (state) => ({ state, outcome: { kind: 'accepted' }, commands: [] }) }),
    ).toContain('dry-run: cancels twice');
    expect(
      faulty({ reconcile: (state) => ({ state, outcome: { kind: 'accepted' }, commands: [] }) }),
    ).toContain('dry-run: cancels an order that was carried out');
    expect(
      faulty({ replace: (state) => ({ state, outcome: { kind: 'accepted' }, commands: [] }) }),
    ).not.toEqual([]);
  });

  it('dry run commands nothing', () => {
    expect(submitAll(dryRunPort, dryRunPort.start(), ORDERS, NOW).commands).toEqual([]);
  });

  it("advisor asks for every order in the plan's sequence and carries out only after one yes", () => {
    const { state, commands } = submitAll(advisorPort, advisorPort.start(), ORDERS, NOW);
    expect(commands).toEqual(ORDERS.map((order) => ({ kind: 'ask_approval', order })));
    const order = first();
    const yes = approve(state, order.clientOrderId);
    expect(yes.commands).toEqual([{ kind: 'carry_out', order }]);
    expect(approve(yes.state, order.clientOrderId).commands).toEqual([]);
    expect(advisorPort.cancel(yes.state, order.clientOrderId, NOW).outcome).toEqual({
      kind: 'refused',
      reason: 'too_late',
    });
    expect(reject(yes.state, order.clientOrderId).outcome.kind).toBe('refused');
    expect(approve(state, 'no such order').outcome).toEqual({
      kind: 'refused',
      reason: 'unknown_order',
    });
  });

  it('advisor never carries out what was rejected, withdrawn or replaced', () => {
    const { state } = submitAll(advisorPort, advisorPort.start(), ORDERS, NOW);
    const order = first();
    const by = { ...order, clientOrderId: 'ee'.repeat(32), quantitySat: 1_000_000 };
    for (const gone of [
      reject(state, order.clientOrderId),
      advisorPort.cancel(state, order.clientOrderId, NOW),
      advisorPort.replace(state, order.clientOrderId, by, NOW),
    ]) {
      expect(gone.outcome.kind).toBe('accepted');
      expect(approve(gone.state, order.clientOrderId).commands).toEqual([]);
    }
    expect(advisorPort.replace(state, order.clientOrderId, by, NOW).commands).toEqual([
      { kind: 'withdraw_question', clientOrderId: order.clientOrderId },
      { kind: 'ask_approval', order: by },
    ]);
  });
});

describe('shadow', () => {
  it('finds every difference between two sequences of submissions', () => {
    const [a, b, c] = ORDERS as [ExecutableOrder, ExecutableOrder, ExecutableOrder];
    expect(compareSubmissions(ORDERS, ORDERS)).toEqual([]);
    expect(compareSubmissions([a, b], [b, c])).toEqual(
      expect.arrayContaining([
        { kind: 'only_first', clientOrderId: a.clientOrderId, fields: [] },
        { kind: 'only_second', clientOrderId: c.clientOrderId, fields: [] },
      ]),
    );
    expect(compareSubmissions([a, b], [b, a]).map((d) => d.kind)).toEqual(['sequence', 'sequence']);
    expect(compareSubmissions([a], [{ ...a, quantitySat: 1 }])).toEqual([
      { kind: 'content', clientOrderId: a.clientOrderId, fields: ['quantitySat'] },
    ]);
  });

  it("carries out only the first adapter's commands and reports the other's omissions", () => {
    const forgetful: typeof dryRunPort = {
      ...dryRunPort,
      submit: (s, order, now) =>
        order.side === 'close'
          ? { state: s, outcome: { kind: 'accepted' }, commands: [] }
          : dryRunPort.submit(s, order, now),
    };
    const shadow = shadowPort(advisorPort, forgetful);
    const { state, commands } = submitAll(shadow, shadow.start(), ORDERS, NOW);
    expect(commands).toHaveLength(ORDERS.length);
    expect(shadow.differences(state)).toMatchObject([{ kind: 'only_first' }]);
  });
});

const [M1, M2] = MEMBERS;
const ids = ['aa', 'bb', 'cc'].map((x) => x.repeat(32));
const someChannel: fc.Arbitrary<ObservedChannel> = fc.record({
  channelId: fc.constantFrom(...ids),
  peer: fc.constantFrom(HUBS[0], HUBS[1]),
  state: fc.constantFrom(
    'OPENINGD',
    'CHANNELD_AWAITING_LOCKIN',
    'CHANNELD_NORMAL',
    'CHANNELD_AWAITING_SPLICE',
    'CLOSINGD_COMPLETE',
    'ONCHAIN',
    'NEW_STATE',
  ),
  totalSat: fc.constantFrom(1_000_000, 2_000_000),
  fundingTxid: fc.constantFrom(...ids),
  opener: fc.constantFrom('local', 'remote'),
});
const member = fc.constantFrom(M1, M2);
const at = fc.integer({ min: 1, max: 6 });
const clientOrderId = fc.constantFrom('o1', 'o2', 'o3');
const someObservation: fc.Arbitrary<Observation> = fc.oneof(
  fc.record({
    kind: fc.constant('submitted' as const),
    clientOrderId,
    at,
    order: fc.record({
      member,
      target: fc.constantFrom(HUBS[0], HUBS[1]),
      side: fc.constantFrom('open', 'close'),
      quantitySat: fc.constantFrom(1_000_000, 2_000_000),
      channelId: fc.constantFrom(null, ...ids),
    }),
  }),
  fc.record({
    kind: fc.constant('done' as const),
    clientOrderId,
    txid: fc.constantFrom(null, ...ids),
    channelId: fc.constantFrom(null, ...ids),
  }),
  fc.record({
    kind: fc.constant('failed' as const),
    clientOrderId,
    error: fc.constantFrom('a', 'b'),
  }),
  fc.record({ kind: fc.constant('cancelled' as const), clientOrderId }),
  fc.record({
    kind: fc.constant('channels' as const),
    member,
    at,
    channels: fc.array(someChannel, { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('channel' as const), member, at, channel: someChannel }),
  fc.record({
    kind: fc.constant('funds' as const),
    member,
    at,
    confirmedSat: fc.integer({ min: 0, max: 9 }),
  }),
);

/** A ledger and its truth as one text, whatever the sequence of its maps. */
function bytes(ledger: Ledger): string {
  const sorted = (map: ReadonlyMap<string, unknown>): unknown =>
    [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  return canonicalJson([
    sorted(ledger.orders),
    sorted(ledger.channels),
    sorted(ledger.listedAt),
    sorted(ledger.funds),
    truthOf(ledger),
  ]);
}

describe('reconciliation', () => {
  it('comes to one truth from any order and repetition of what was seen', () => {
    fc.assert(
      fc.property(
        fc.array(someObservation, { maxLength: 14 }),
        fc.nat(),
        fc.nat(),
        (seen, seed, cut) => {
          const expected = bytes(observe(EMPTY_LEDGER, seen));
          const again = shuffled([...seen, ...shuffled(seen, seed).slice(0, 5)], seed + 1);
          expect(bytes(observe(EMPTY_LEDGER, again))).toBe(expected);
          const at = again.length === 0 ? 0 : cut % again.length;
          const split = observe(observe(EMPTY_LEDGER, again.slice(at)), again.slice(0, at));
          expect(bytes(split)).toBe(expected);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  const channel: ObservedChannel = {
    channelId: 'aa'.repeat(32),
    peer: HUBS[0],
    state: 'CHANNELD_AWAITING_LOCKIN',
    totalSat: 2_000_000,
    fundingTxid: 'bb'.repeat(32),
    opener: 'local',
  };
  const order = {
    member: M1,
    target: HUBS[0],
    side: 'open',
    quantitySat: 2_000_000,
    channelId: null,
  } as const;
  const submitted: Observation = { kind: 'submitted', clientOrderId: 'o1', order, at: 5 };
  const truth = (...seen: Observation[]): Truth => truthOf(observe(EMPTY_LEDGER, seen));
  const listed = (at: number, ...channels: ObservedChannel[]): Observation => ({
    kind: 'channels',
    member: M1,
    at,
    channels,
  });

  it('leaves an order without an answer unknown until its channel is seen', () => {
    expect(truth(submitted).orders).toMatchObject([{ status: 'unknown', channelId: null }]);
    expect(truth(submitted, listed(6, channel)).orders).toMatchObject([
      { status: 'done', channelId: channel.channelId },
    ]);
  });

  it("does not take another channel for it: older, smaller, foreign, or somebody else's", () => {
    for (const seen of [
      listed(4, channel),
      listed(6, { ...channel, totalSat: 1_999_999 }),
      listed(6, { ...channel, opener: 'remote' }),
      listed(6, { ...channel, peer: HUBS[1] }),
      { ...listed(6, channel), member: M2 } as Observation,
    ]) {
      expect(truth(submitted, seen).orders).toMatchObject([{ status: 'unknown' }]);
    }
  });

  it('gives one channel to one order only', () => {
    const second: Observation = { ...submitted, clientOrderId: 'o2' };
    expect(truth(submitted, second, listed(6, channel)).orders.map((o) => o.status)).toEqual([
      'done',
      'unknown',
    ]);
    const done: Observation = {
      kind: 'done',
      clientOrderId: 'o2',
      txid: channel.fundingTxid,
      channelId: null,
    };
    expect(truth(submitted, second, done, listed(6, channel)).orders.map((o) => o.status)).toEqual([
      'unknown',
      'done',
    ]);
  });

  it('believes the costlier reading when accounts contradict, and says so', () => {
    const done: Observation = {
      kind: 'done',
      clientOrderId: 'o1',
      txid: 'bb'.repeat(32),
      channelId: null,
    };
    const failed: Observation = { kind: 'failed', clientOrderId: 'o1', error: 'timeout' };
    expect(truth(failed, submitted, done).orders).toMatchObject([
      { status: 'done', conflict: true },
    ]);
    expect(truth(failed, submitted).orders).toMatchObject([{ status: 'failed', conflict: false }]);
    expect(truth({ kind: 'cancelled', clientOrderId: 'o1' }, submitted).orders).toMatchObject([
      { status: 'unknown', conflict: true },
    ]);
  });

  it('does not let a late notification revive a closed channel', () => {
    const closing = { ...channel, state: 'ONCHAIN' };
    const late: Observation = {
      kind: 'channel',
      member: M1,
      at: 9,
      channel: { ...channel, state: 'CHANNELD_NORMAL' },
    };
    expect(truth(listed(7, closing), late).channels).toMatchObject([{ state: 'ONCHAIN' }]);
  });

  it('knows what is gone from a later complete list, and only then', () => {
    expect(truth(listed(6, channel), listed(7)).channels).toMatchObject([{ gone: true }]);
    expect(truth(listed(6, channel), listed(5)).channels).toMatchObject([{ gone: false }]);
    expect(
      truth(listed(7), { kind: 'channel', member: M1, at: 8, channel }).channels,
    ).toMatchObject([{ gone: false }]);
  });

  it("sees a close carried out by the channel's end", () => {
    const close: Observation = {
      kind: 'submitted',
      clientOrderId: 'o1',
      at: 5,
      order: { ...order, side: 'close', channelId: channel.channelId },
    };
    expect(truth(close, listed(6, { ...channel, state: 'CHANNELD_NORMAL' })).orders).toMatchObject([
      { status: 'unknown' },
    ]);
    expect(
      truth(close, listed(6, { ...channel, state: 'CLOSINGD_SIGEXCHANGE' })).orders,
    ).toMatchObject([{ status: 'done' }]);
    expect(truth(close, listed(6, channel), listed(8)).orders).toMatchObject([{ status: 'done' }]);
  });
});
