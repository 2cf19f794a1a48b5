import { executableOrders, type Plan, plan, planBytes } from '@cl-hive/planning-kernel';
import { describe, expect, it } from 'vitest';
import {
  channel,
  HUBS,
  LEAVES,
  MEMBERS,
  nodeId,
  sampleChannels,
  sampleSnapshot,
} from './sample.ts';

const dropped = (made: Plan, reason: string): readonly string[] =>
  made.diagnostics.find((d) => d.reason === reason)?.subjects ?? [];
const targets = (made: Plan): string[] => executableOrders(made).map((o) => o.target);

describe('expansion', () => {
  it('opens one channel, from the member with the most idle funds, to the best target', () => {
    const made = plan(sampleSnapshot());
    expect(executableOrders(made)).toMatchObject([
      {
        side: 'open',
        type: 'limit',
        member: MEMBERS[2],
        target: HUBS[1],
        // Half of 40,000,000 less a fifth, less 800 sat on-chain, in steps of 10,000.
        quantitySat: 15_990_000,
        pricePpm: 5_000,
        strategy: 'expansion',
      },
    ]);
    expect(dropped(made, 'cycle_limit')).toEqual([HUBS[0], HUBS[2], HUBS[3]]);
    expect(made.diagnostics).toContainEqual({
      stage: 'universe',
      reason: 'channels_below_minimum',
      changedBy: 'targetMinChannels',
      count: LEAVES.length,
      subjects: [],
    });
  });

  it('is not done when expansions are not enabled, and the order says why', () => {
    const made = plan(sampleSnapshot({ expansionsEnabled: false }));
    expect(executableOrders(made)).toEqual([]);
    expect(made.orders).toMatchObject([{ status: 'skipped', reason: 'expansions_disabled' }]);
  });

  it('never spends where the switch, the budget or the fee rate is absent', () => {
    for (const name of ['expansionsEnabled', 'budget', 'openingPerkb']) {
      const snapshot = sampleSnapshot();
      delete snapshot[name];
      const made = plan(snapshot);
      expect(executableOrders(made)).toEqual([]);
      expect(made.input).toContainEqual({
        list: 'snapshot',
        code: 'missing_field',
        count: 1,
        examples: [name],
      });
    }
  });

  it('waits while the fee rate is above the limit, and goes ahead at the limit', () => {
    expect(plan(sampleSnapshot({ openingPerkb: 5_001 })).orders).toMatchObject([
      { status: 'skipped', reason: 'fee_rate_too_high' },
    ]);
    expect(targets(plan(sampleSnapshot({ openingPerkb: 5_000 })))).toEqual([HUBS[1]]);
  });

  it('leaves a target alone to which anything is under way, from any member', () => {
    const order = {
      clientOrderId: 'ab'.repeat(32),
      member: MEMBERS[1],
      target: HUBS[1],
      side: 'open',
      quantitySat: 2_000_000,
      status: 'unknown',
    };
    for (const [changes, reason] of [
      [{ openOrders: [order] }, 'order_open'],
      [{ pendingIntents: [{ id: 'i', member: MEMBERS[1], target: HUBS[1] }] }, 'intent_pending'],
      [
        {
          memberChannels: [
            { member: MEMBERS[1], peer: HUBS[1], state: 'DUALOPEND_AWAITING_LOCKIN', totalSat: 1 },
          ],
        },
        'channel_pending',
      ],
    ] as const) {
      const made = plan(sampleSnapshot(changes));
      expect(dropped(made, reason)).toEqual([HUBS[1]]);
      expect(targets(made)).toEqual([HUBS[3]]);
    }
  });

  it('does not let a member open where it has a channel in any state', () => {
    const made = plan(
      sampleSnapshot({
        memberChannels: [{ member: MEMBERS[2], peer: HUBS[1], state: 'ONCHAIN', totalSat: 1 }],
      }),
    );
    expect(executableOrders(made)).toMatchObject([{ member: MEMBERS[1], target: HUBS[1] }]);
  });

  it('passes members over that are offline, unwilling, unsteady or busy', () => {
    const members = sampleSnapshot()['members'] as Record<string, unknown>[];
    const change = (fields: object): unknown[] =>
      members.map((m, i) => (i === 2 ? { ...m, ...fields } : m));
    for (const [fields, why] of [
      [{ online: false }, 'offline'],
      [{ canOpen: false }, 'not_allowed'],
      [{ uptimePpm: 899_999 }, 'uptime'],
      [{ onchainSat: 1_000_000 }, 'no_idle_funds'],
    ] as const) {
      const made = plan(sampleSnapshot({ members: change(fields) }));
      expect(executableOrders(made)).toMatchObject([{ member: MEMBERS[1] }]);
      expect(made.members.find((m) => m.member === MEMBERS[2])?.ineligible).toBe(why);
    }
    const busy = plan(
      sampleSnapshot({ pendingIntents: [{ id: 'i', member: MEMBERS[2], target: LEAVES[0] }] }),
    );
    expect(executableOrders(busy)).toMatchObject([{ member: MEMBERS[1] }]);
  });

  it('says so when nobody may open, the budget is used up or the funds do not suffice', () => {
    const members = sampleSnapshot()['members'] as Record<string, unknown>[];
    const nobody = plan(
      sampleSnapshot({ members: members.map((m) => ({ ...m, canOpen: false })) }),
    );
    expect(dropped(nobody, 'no_eligible_member')).toEqual(HUBS);
    const spent = plan(
      sampleSnapshot({
        budget: { limitSat: 10_000_000, spentSat: 6_000_000, reservedSat: 3_500_000 },
      }),
    );
    expect(dropped(spent, 'budget_exhausted')).toEqual(HUBS);
    const poor = plan(
      sampleSnapshot({ members: members.map((m) => ({ ...m, onchainSat: 2_500_000 })) }),
    );
    expect(dropped(poor, 'capital_short')).toEqual(HUBS);
  });

  it('opens to no target with which a member has a channel, from flag 2 on', () => {
    const flags = [1, 2];
    const made = plan(sampleSnapshot({ flags }));
    expect(dropped(made, 'member_connected')).toEqual([HUBS[0]]);
    expect(dropped(made, 'cycle_limit')).toEqual([HUBS[2], HUBS[3]]);
    const gossiped = { member: MEMBERS[2], peer: HUBS[1], state: 'GOSSIPED', totalSat: 0 };
    expect(
      dropped(plan(sampleSnapshot({ flags, memberChannels: [gossiped] })), 'member_connected'),
    ).toEqual([HUBS[0], HUBS[1]]);
    expect(dropped(plan(sampleSnapshot()), 'member_connected')).toEqual([]);
  });

  it('keeps each member within its own budget, and asks the next where one has none', () => {
    const members = (budgets: readonly (number | undefined)[]) =>
      (sampleSnapshot()['members'] as readonly object[]).map((member, i) => ({
        ...member,
        ...(budgets[i] === undefined ? {} : { budgetSat: budgets[i] }),
      }));
    const one = plan(sampleSnapshot({ members: members([undefined, undefined, 3_000_000]) }));
    expect(executableOrders(one)).toMatchObject([{ member: MEMBERS[2], quantitySat: 3_000_000 }]);
    const other = plan(sampleSnapshot({ members: members([0, undefined, 999_999]) }));
    expect(executableOrders(other)).toMatchObject([{ member: MEMBERS[1] }]);
    const none = plan(sampleSnapshot({ members: members([0, 0, 0]) }));
    expect(executableOrders(none)).toEqual([]);
    expect(dropped(none, 'budget_exhausted')).toEqual(HUBS);
    const asked = plan(
      sampleSnapshot({
        members: members([0, undefined, undefined]),
        requests: [
          {
            member: MEMBERS[0],
            target: HUBS[3],
            side: 'open',
            type: 'market',
            quantitySat: 2_000_000,
            minSat: 1_000_000,
            stepSat: 10_000,
          },
        ],
      }),
    );
    expect(targets(asked)).not.toContain(HUBS[3]);
  });

  it('stays within what the budget leaves', () => {
    const made = plan(
      sampleSnapshot({
        budget: { limitSat: 10_000_000, spentSat: 4_000_000, reservedSat: 2_995_000 },
      }),
    );
    expect(executableOrders(made)).toMatchObject([{ quantitySat: 3_000_000 }]);
  });

  it('does not open what its on-chain cost is not worth', () => {
    const made = plan(
      sampleSnapshot({
        openingPerkb: 100_000,
        config: { maxOpeningPerkb: 100_000, maxChannelSat: 7_900_000 },
      }),
    );
    // 40,000 sat are 5,000 ppm of 8,000,000.
    expect(dropped(made, 'uneconomic')).toEqual(HUBS);
  });

  it('waits after refusals, twice as long after each, and then asks again', () => {
    const day = 86_400_000;
    const now = 1_770_100_000_000;
    const asked = (refusals: number, ago: number): string[] =>
      targets(
        plan(
          sampleSnapshot({ quality: [{ target: HUBS[1], refusals, lastRefusedAt: now - ago }] }),
        ),
      );
    expect(asked(1, day - 1)).toEqual([HUBS[3]]);
    expect(asked(1, day)).toEqual([HUBS[1]]);
    expect(asked(3, 4 * day - 1)).toEqual([HUBS[3]]);
    expect(asked(3, 4 * day)).toEqual([HUBS[1]]);
    expect(asked(1_000, 30 * day)).toEqual([HUBS[1]]);
  });

  it('prefers a target that the fleet remembers well', () => {
    const made = plan(
      sampleSnapshot({ quality: [{ target: HUBS[3], scorePpm: 900_000, refusals: 0 }] }),
    );
    expect(targets(made)).toEqual([HUBS[3]]);
  });

  it('does not choose what the operator ignores or what has not announced itself', () => {
    const made = plan(sampleSnapshot({ ignored: [HUBS[1]] }));
    expect(dropped(made, 'operator_ignored')).toEqual([HUBS[1]]);
    const nodes = (sampleSnapshot()['nodes'] as { nodeid: string }[]).map((n) =>
      n.nodeid === HUBS[1] ? { nodeid: n.nodeid } : n,
    );
    expect(dropped(plan(sampleSnapshot({ nodes })), 'unannounced')).toEqual([HUBS[1]]);
  });

  it('values reach: a target that opens an unreachable part beats an equal one that does not', () => {
    const far = Array.from({ length: 6 }, (_, i) => nodeId(300 + i));
    const island = far
      .slice(1)
      .flatMap((leaf, i) =>
        channel(far[0] ?? '', leaf, `730000x${i + 1}x0`, { capacitySat: 100_000_000 }),
      );
    const made = plan(
      sampleSnapshot({ channels: [...sampleChannels(), ...island], nodes: undefined }),
    );
    expect(made.ranking[0]).toMatchObject({
      target: far[0],
      reach: { openedOut: 6, openedIn: 6 },
      marks: { centrality: 1_000_000 },
    });
    expect(targets(made)).toEqual([far[0]]);
  });

  it('keeps planning the same when it runs again with its own order open', () => {
    const [order] = executableOrders(plan(sampleSnapshot()));
    const open = { ...order, status: 'submitted' };
    const again = plan(sampleSnapshot({ openOrders: [open] }));
    expect(targets(again)).not.toContain(order?.target);
    expect(again.members.find((m) => m.member === order?.member)).toMatchObject({
      ineligible: 'busy',
      committedSat: 15_990_000,
    });
  });

  it('has another id for the same order in another window of blocks, and the same within one', () => {
    const id = (blockHeight: number): string | undefined =>
      executableOrders(plan(sampleSnapshot({ blockHeight })))[0]?.clientOrderId;
    expect(id(936_000)).toBe(id(936_143));
    expect(id(936_000)).not.toBe(id(936_144));
  });

  it('plans without members, channels or anything else', () => {
    const bare = { flags: [1], now: 0, blockHeight: 0 };
    const made = plan(bare);
    expect(made).toMatchObject({ universe: [], orders: [], reach: null, ranking: [] });
    expect(made.input.map((d) => d.examples[0])).toContain('budget');
    expect(planBytes(plan(sampleSnapshot({ members: [] })))).toContain('no_eligible_member');
  });
});
