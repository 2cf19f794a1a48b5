import { msat, type NodeId, type UnixMs } from '@cl-hive/core';
import {
  advisorPort,
  dryRunPort,
  executableOrders,
  plan,
  shadowPort,
  submitAll,
} from '@cl-hive/planning-kernel';
import { executionPortFaults } from '@cl-hive/planning-kernel/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PASSIVE_AFTER_MS, PASSIVE_REST_MS, WORD_AGE_MAX_MS } from '../limits.ts';
import type { FleetMember, PlannerFacts } from './facts.ts';
import { type FleetMap, fleetMapSvg } from './fleet-map.ts';
import { livePort } from './live-port.ts';
import { planLogLines } from './log-lines.ts';
import { type Choice, passiveMembers, withChoices } from './passive.ts';
import { nextCycleMs } from './schedule.ts';
import { confirmedSat, plannerSnapshot } from './snapshot.ts';
import { decodeWord, encodeWord, presentWord } from './word.ts';

const id = (n: number): NodeId => `02${n.toString(16).padStart(64, '0')}` as NodeId;
const [SELF, OTHER, HUB] = [id(1), id(2), id(100)];
const NOW = 1_770_000_000_000 as UnixMs;

const WORD = { onchainSat: 30_000_000, budgetSat: 9_000_000, canOpen: true, sinceOpeningMs: null };
const other: FleetMember = {
  id: OTHER,
  online: true,
  uptimePpm: 950_000,
  peers: [HUB],
  word: WORD,
};

function facts(changes: Partial<PlannerFacts> = {}): PlannerFacts {
  return {
    node: {
      self: SELF,
      now: NOW,
      blockHeight: 900_000,
      channels: [
        {
          peer_id: OTHER,
          state: 'DUALOPEND_AWAITING_LOCKIN',
          opener: 'local',
          channel_id: 'ab'.repeat(32),
          total_msat: msat(5_000_000_999n),
        },
        { peer_id: HUB, state: 'ONCHAIN', opener: 'remote' },
      ],
      outputs: [
        { amount_msat: msat(10_000_000_000n), status: 'confirmed', reserved: false },
        { amount_msat: msat(1_999n), status: 'confirmed', reserved: false },
        { amount_msat: msat(7_000_000_000n), status: 'confirmed', reserved: true },
        { amount_msat: msat(7_000_000_000n), status: 'unconfirmed', reserved: false },
      ],
      openingPerkb: 1_000,
      guards: undefined,
    },
    members: [other],
    allowance: { budgetSat: 4_000_000, canOpen: true },
    claims: [],
    openOrders: [],
    pendingIntents: [],
    quality: [],
    saturated: [],
    ignored: [],
    passive: new Set(),
    expansionsEnabled: true,
    sinceOpeningMs: null,
    intervalMs: 3_600_000,
    config: { maxChannelSat: 5_000_000 },
    ...changes,
  };
}

describe('plannerSnapshot', () => {
  it('counts confirmed, unreserved funds in whole sat, and channels of any state', () => {
    expect(confirmedSat(facts().node)).toBe(10_000_001);
    const snapshot = plannerSnapshot(facts());
    expect(snapshot).toMatchObject({
      members: [
        { id: SELF, onchainSat: 10_000_001, budgetSat: 4_000_000, online: true, clboss: false },
        { id: OTHER, onchainSat: 30_000_000, budgetSat: 9_000_000, uptimePpm: 950_000 },
      ],
      memberChannels: [
        { member: SELF, peer: OTHER, state: 'DUALOPEND_AWAITING_LOCKIN', totalSat: 5_000_000 },
        { member: SELF, peer: HUB, state: 'ONCHAIN', totalSat: 0 },
        { member: OTHER, peer: HUB, state: 'GOSSIPED', totalSat: 0 },
      ],
      budget: { limitSat: 13_000_000, spentSat: 0, reservedSat: 0 },
      openingPerkb: 1_000,
    });
  });

  it('is read by the kernel without a defect', () => {
    const snapshot = { ...plannerSnapshot(facts()), channels: [], nodes: [], requests: [] };
    expect(plan(snapshot).input).toEqual([]);
  });

  it('counts on nobody who said nothing or does nothing, and on no fee rate that is not known', () => {
    const { node } = facts();
    const snapshot = plannerSnapshot(
      facts({
        node: { ...node, openingPerkb: undefined, guards: [] },
        members: [{ ...other, word: undefined }],
        passive: new Set([SELF]),
      }),
    );
    expect(snapshot).not.toHaveProperty('openingPerkb');
    expect(snapshot).toMatchObject({
      members: [
        { canOpen: false, clboss: true },
        { onchainSat: 0, budgetSat: 0, canOpen: false },
      ],
    });
  });

  it('lets the whole fleet open once in an interval', () => {
    const limit = (changes: Partial<PlannerFacts>): unknown =>
      (plannerSnapshot(facts(changes))['config'] as Record<string, unknown>)['expansionsPerCycle'];
    const since = (ms: number): Partial<PlannerFacts> => ({
      members: [{ ...other, word: { ...WORD, sinceOpeningMs: ms } }],
    });
    expect(limit({})).toBeUndefined();
    expect(limit({ sinceOpeningMs: 2_699_999 })).toBe(0);
    expect(limit({ sinceOpeningMs: 2_700_000 })).toBeUndefined();
    expect(limit(since(1))).toBe(0);
    expect(limit(since(2_700_000))).toBeUndefined();
    const intent = { id: 'i', target: HUB };
    expect(limit({ pendingIntents: [{ ...intent, member: OTHER }] })).toBe(0);
    expect(limit({ pendingIntents: [{ ...intent, member: SELF }] })).toBeUndefined();
  });
});

describe('passive members', () => {
  const at = (ms: number): number => NOW + ms;
  const run = (hours: readonly number[], followed: boolean): readonly Choice[] =>
    hours.reduce<readonly Choice[]>(
      (choices, hour) =>
        withChoices(
          choices,
          [{ member: OTHER, target: HUB }],
          () => followed,
          at(hour * 3_600_000),
        ),
      [],
    );

  it('are those that were chosen for two hours and did nothing, for a day', () => {
    expect(passiveMembers(run([0, 1], false), at(3_600_000)).size).toBe(0);
    const twice = run([0, 1, 2], false);
    expect([...passiveMembers(twice, at(PASSIVE_AFTER_MS))]).toEqual([OTHER]);
    expect(passiveMembers(twice, at(PASSIVE_AFTER_MS + PASSIVE_REST_MS)).size).toBe(0);
    expect(passiveMembers(run([0, 1, 2], true), at(PASSIVE_AFTER_MS)).size).toBe(0);
  });

  it('are forgotten after their rest, also where the clock stepped back', () => {
    const none = { member: OTHER, target: id(7) };
    expect(withChoices(run([0, 1, 2], false), [], () => false, at(3 * PASSIVE_REST_MS))).toEqual(
      [],
    );
    expect(withChoices(run([5], false), [none], () => false, at(0))).toHaveLength(1);
  });
});

describe('words of members', () => {
  it('come back as they were sent, and are refused with anything else in them', () => {
    const word = { onchainSat: 5, budgetSat: 6, canOpen: false, sinceOpeningMs: null };
    expect(decodeWord(JSON.parse(JSON.stringify(encodeWord(word))))).toEqual(word);
    const sent = encodeWord({ ...word, sinceOpeningMs: 9 });
    expect(decodeWord(sent).sinceOpeningMs).toBe(9);
    for (const bad of [
      null,
      {},
      { ...sent, onchain_sat: -1 },
      { ...sent, onchain_sat: 2_100_000_000_000_001 },
      { ...sent, budget_sat: 1.5 },
      { ...sent, budget_sat: '5' },
      { ...sent, can_open: 1 },
      { ...sent, since_opening_ms: -1 },
      { ...sent, since_opening_ms: undefined },
    ]) {
      expect(() => decodeWord(bad)).toThrow();
    }
  });

  it('age, and count no more after three hours', () => {
    const heard = { word: { ...WORD, sinceOpeningMs: 10 }, at: 1_000 };
    expect(presentWord(heard, 3_000)?.sinceOpeningMs).toBe(2_010);
    expect(presentWord(heard, 500)?.sinceOpeningMs).toBe(10);
    expect(presentWord(heard, 1_001 + WORD_AGE_MAX_MS)).toBeUndefined();
    expect(presentWord({ ...heard, word: WORD }, 3_000)).toEqual(WORD);
    expect(presentWord(undefined, 0)).toBeUndefined();
  });
});

describe('the schedule', () => {
  it('comes within a tenth of the interval, both ends possible', () => {
    expect(nextCycleMs(3_600_000, 0)).toBe(3_240_000);
    expect(nextCycleMs(3_600_000, 0xffffffff)).toBe(3_960_000);
    fc.assert(
      fc.property(fc.nat(0xffffffff), (chance) => {
        const wait = nextCycleMs(300_000, chance);
        return wait >= 270_000 && wait <= 330_000;
      }),
    );
  });
});

/** One hub that everybody may open to. */
function smallPlan() {
  const leaves = Array.from({ length: 6 }, (_, n) => id(200 + n));
  const channels = leaves.flatMap((leaf, n) =>
    [0, 1].map((direction) => ({
      source: direction === 0 ? HUB : leaf,
      destination: direction === 0 ? leaf : HUB,
      short_channel_id: `700000x${n}x0`,
      direction,
      public: true,
      amount_msat: 100_000_000_000,
      active: true,
      last_update: 1,
      base_fee_millisatoshi: 1,
      fee_per_millionth: 1,
      htlc_maximum_msat: 100_000_000_000,
    })),
  );
  const base = plannerSnapshot(
    facts({ members: [{ ...other, peers: [] }], node: { ...facts().node, channels: [] } }),
  );
  const nodes = [HUB, ...leaves].map((nodeid) => ({ nodeid, last_timestamp: 1 }));
  return plan({ ...base, channels, nodes, requests: [] });
}

describe('what the log says of a plan', () => {
  it('names who opens; whoever it is not stands back', () => {
    const made = smallPlan();
    const [order] = executableOrders(made);
    expect(order).toMatchObject({ member: OTHER, target: HUB });
    const said = (self: NodeId) =>
      planLogLines(made, self, []).find(({ actionType }) => actionType === 'expansion');
    expect(said(SELF)).toMatchObject({ result: 'stood_back', details: { member: OTHER } });
    expect(said(OTHER)).toMatchObject({
      result: 'proposed',
      target: HUB,
      details: { amount_sats: order?.quantitySat, order_id: order?.clientOrderId },
    });
  });
});

describe('adapters', () => {
  const orders = executableOrders(smallPlan());

  it('submit the same orders for the same plan: live, advisor, dry run, and both shadows', () => {
    expect(orders).toHaveLength(1);
    expect(executionPortFaults(livePort, orders)).toEqual([]);
    expect(executionPortFaults(advisorPort, orders)).toEqual([]);
    expect(executionPortFaults(dryRunPort, orders)).toEqual([]);
    expect(executionPortFaults(shadowPort(advisorPort, livePort), orders)).toEqual([]);
    expect(executionPortFaults(shadowPort(livePort, livePort), orders)).toEqual([]);
  });

  it('show no difference in shadow', () => {
    const port = shadowPort(advisorPort, livePort);
    const { state } = submitAll(port, port.start(), orders, 0);
    expect(port.differences(state)).toEqual([]);
    const lone = { ...state, second: livePort.start() };
    expect(port.differences(lone)).toMatchObject([{ kind: 'only_first' }]);
  });
});

describe('the map', () => {
  const TARGET = {
    id: HUB,
    alias: '<script>alert("x")</script>&\u0000\ud800',
    publicSat: 100,
    fleetSat: 25,
    sharePpm: 250_000,
    saturated: true,
    rank: null,
  };
  const map: FleetMap = {
    members: [
      { id: SELF, alias: 'me' },
      { id: OTHER, alias: '' },
    ],
    targets: [
      TARGET,
      {
        id: id(101),
        alias: 'next',
        publicSat: 0,
        fleetSat: 0,
        sharePpm: null,
        saturated: false,
        rank: 1,
      },
    ],
    links: [
      { from: SELF, to: HUB, sat: 25 },
      { from: SELF, to: id(999), sat: 1 },
    ],
  };

  it('shows members, shares and ranks, and nothing of an alias is markup', () => {
    const svg = fleetMapSvg(map);
    expect(svg).toContain('25 of 100 sat (25.00 %)');
    expect(svg).toContain('share unknown');
    expect(svg).not.toContain('<script');
    expect(svg).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;');
    const strange = svg.split('').filter((sign) => sign < ' ' && sign !== '\n');
    expect(strange).toEqual([]);
    expect(/\p{Surrogate}/u.test(svg)).toBe(false);
    expect(svg.match(/<line /g)).toHaveLength(1);
  });

  it('is the same whatever order its lists come in, and leaves the least out where there are too many', () => {
    const turned = {
      ...map,
      members: [...map.members].reverse(),
      targets: [...map.targets].reverse(),
    };
    expect(fleetMapSvg(turned)).toBe(fleetMapSvg(map));
    const many = Array.from({ length: 200 }, (_, n) => ({
      ...TARGET,
      id: id(300 + n),
      fleetSat: n,
    }));
    const svg = fleetMapSvg({ ...map, targets: many });
    expect(svg).toContain('40 nodes with the least capacity are left out');
    expect(fleetMapSvg({ members: [], targets: [], links: [] })).toContain('0 members');
  });
});
