import {
  type Explained,
  type Explanation,
  explained,
  plan,
  prepare,
} from '@cl-hive/planning-kernel';
import { describe, expect, it } from 'vitest';
import { HUBS, LEAVES, MEMBERS, nodeId, sampleSnapshot } from './sample.ts';

const ask = (changes: Readonly<Record<string, unknown>> = {}): Explained =>
  explained(prepare(sampleSnapshot(changes), undefined));
const reasons = (e: Explanation): string[] => e.obstacles.map((o) => o.reason);

describe('explanations', () => {
  it('come with the very plan', () => {
    expect(ask().plan.digest).toBe(plan(sampleSnapshot()).digest);
  });

  it('name every number of the target that is opened, and no obstacle', () => {
    const told = ask().explain(HUBS[1]);
    expect(told).toMatchObject({
      known: true,
      announced: true,
      channels: 5,
      share: { publicSat: 500_000_000, fleetSat: 0, sharePpm: 0 },
      // 10 % of 500 million, and a ninth of that again.
      shareGapSat: 55_555_555,
      connectedMembers: [],
      coolDownUntil: 0,
      rank: 1,
      opener: {
        member: MEMBERS[2],
        size: { ok: true, quantitySat: 15_990_000, limitedBy: 'capitalSat' },
      },
      obstacles: [],
      orders: [{ status: 'executable', target: HUBS[1] }],
    });
    // (20 * 500000 + 15 * 0 + 10 * 0 + 15 * 500000 + 30 * 1000000 + 10 * 1000000) / 100.
    expect(told.rating).toMatchObject({ scorePpm: 575_000 });
    expect(told.rating).toEqual(ask().plan.ranking[0]);
  });

  it('compute reach that can be checked by hand', () => {
    // To the second hub at present: hub 1 charges 1,000 + 10,000 msat, two hops at 1,000 each: 13,000.
    // Over a channel of its own one hop: 1,000. So are its three leaves and the hub behind it served.
    const { rating } = ask().explain(HUBS[1]);
    const weightOf = (sat: number): number => sat.toString(2).length;
    const [hub, leaf] = [weightOf(500_000_000), weightOf(100_000_000)];
    // Out: hub and its 3 leaves are 12,000 cheaper, and so are the hub across the ring (25,000 before) and its 3.
    // In: what the hub itself charges counts on both ways, so it is 12,000 again.
    const saved = 2 * 2 * 12_000 * (hub + 3 * leaf);
    expect(rating?.reach).toMatchObject({
      savedMsat: saved,
      improvedOut: 8,
      improvedIn: 8,
      openedOut: 0,
      targetFeeMsat: 11_000,
    });
  });

  it('name everything that stands in the way, not only the first', () => {
    const told = ask({
      ignored: [HUBS[1]],
      quality: [{ target: HUBS[1], refusals: 1, lastRefusedAt: 1_770_099_000_000 }],
      pendingIntents: [{ id: 'i', member: MEMBERS[0], target: HUBS[1] }],
    }).explain(HUBS[1]);
    expect(reasons(told)).toEqual(['operator_ignored', 'cooling_down', 'intent_pending']);
    expect(told.coolDownUntil).toBe(1_770_099_000_000 + 86_400_000);
    expect(told.obstacles[0]).toMatchObject({
      stage: 'universe',
      changedBy: expect.stringContaining('ignored'),
    });
  });

  it('say why a good target waits, which one is a member, what is too small, and what is unknown', () => {
    const all = ask();
    expect(reasons(all.explain(HUBS[2]))).toEqual(['cycle_limit']);
    expect(reasons(all.explain(MEMBERS[0]))).toContain('fleet_member');
    expect(reasons(all.explain(LEAVES[0] ?? ''))).toContain('channels_below_minimum');
    expect(all.explain(nodeId(999))).toMatchObject({
      known: false,
      rating: null,
      share: { sharePpm: null },
    });
    expect(all.explain('nonsense')).toMatchObject({ known: false });
    expect(reasons(ask({ expansionsEnabled: false }).explain(HUBS[1]))).toEqual([
      'expansions_disabled',
    ]);
    expect(reasons(ask({ openingPerkb: 9_000 }).explain(HUBS[1]))).toEqual(['fee_rate_too_high']);
  });

  it('rate what an operator names, best first, each once', () => {
    const rated = ask().rate([HUBS[0], nodeId(999), HUBS[1], HUBS[1], LEAVES[0] ?? '']);
    expect(rated.map((r) => r.target)).toEqual([HUBS[1], HUBS[0], LEAVES[0], nodeId(999)]);
  });

  it('do not change what a plan says', () => {
    const told = ask();
    const before = JSON.stringify(told.plan);
    told.explain(HUBS[1]);
    told.rate(HUBS);
    expect(JSON.stringify(told.plan)).toBe(before);
  });
});
