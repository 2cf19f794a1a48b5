import { isCodedError } from '@cl-hive/core';
import {
  DEFAULT_CONFIG,
  type Defect,
  executableOrders,
  plan,
  planCycle,
  sizeChannel,
} from '@cl-hive/planning-kernel';
import { describe, expect, it } from 'vitest';
import {
  announcement,
  channel,
  HUBS,
  LEAVES,
  MEMBERS,
  nodeId,
  sampleChannels,
  sampleSnapshot,
} from './sample.ts';

const input = (changes: Readonly<Record<string, unknown>>): readonly Defect[] =>
  plan(sampleSnapshot(changes)).input;
const clean = plan(sampleSnapshot());
const withChannels = (...extra: unknown[]): ReturnType<typeof plan> =>
  plan(sampleSnapshot({ channels: [...sampleChannels(), ...extra] }));

function refusal(snapshot: unknown): string {
  try {
    plan(snapshot);
  } catch (error) {
    if (isCodedError(error)) {
      return error.code;
    }
    throw error;
  }
  return 'planned';
}

describe('broken channels', () => {
  const good = channel(HUBS[0], HUBS[2], '790000x1x0', { capacitySat: 50_000_000 }) as [
    Record<string, unknown>,
    Record<string, unknown>,
  ];
  const without = (name: string): unknown => {
    const { [name]: _, ...rest } = good[0];
    return rest;
  };

  it.each([
    ['missing_field', without('source')],
    ['missing_field', without('destination')],
    ['missing_field', without('short_channel_id')],
    ['missing_field', without('direction')],
    ['missing_field', without('amount_msat')],
    ['bad_field', { ...good[0], source: 'me' }],
    ['bad_field', { ...good[0], source: 7 }],
    ['bad_field', { ...good[0], short_channel_id: '1:2:3' }],
    ['bad_field', { ...good[0], short_channel_id: '99999999x1x1' }],
    ['bad_field', { ...good[0], direction: 2 }],
    ['bad_field', { ...good[0], amount_msat: -1 }],
    ['bad_field', { ...good[0], amount_msat: 'lots' }],
    ['bad_field', { ...good[0], amount_msat: 1.5 }],
    ['bad_field', null],
    ['bad_field', 'a channel'],
    ['zero_capacity', { ...good[0], amount_msat: 0 }],
    ['zero_capacity', { ...good[0], amount_msat: 999 }],
    ['absurd_capacity', { ...good[0], amount_msat: 18_446_744_073_709_551_615n }],
    ['absurd_capacity', { ...good[0], amount_msat: '1000000000001000msat' }],
    ['direction_wrong', { ...good[0], direction: 1 }],
    ['direction_wrong', { ...good[0], destination: good[0]['source'] }],
    ['not_public', { ...good[0], public: false }],
  ])('%s: left out, counted, and the rest planned as before', (code, entry) => {
    const made = withChannels(entry);
    expect(made.input).toMatchObject([{ list: 'channels', code, count: 1 }]);
    expect(made.orders).toEqual(clean.orders);
  });

  it('reads amounts as lightningd wrote them at any time', () => {
    for (const amount of [50_000_000_000, 50_000_000_000n, '50000000000msat']) {
      const made = withChannels({ ...good[0], amount_msat: amount });
      expect(made.input).toEqual([]);
      expect(made.ranking.find((r) => r.target === HUBS[2])?.share.publicSat).toBe(550_000_000);
    }
  });

  it('counts a channel once, whether one or both directions are told, and with the lesser capacity', () => {
    const capacity = (...entries: unknown[]): number | undefined =>
      withChannels(...entries).ranking.find((r) => r.target === HUBS[2])?.share.publicSat;
    expect(capacity(good[0])).toBe(550_000_000);
    expect(capacity(good[1])).toBe(550_000_000);
    expect(capacity(...good)).toBe(550_000_000);
    const disagree = [good[0], { ...good[1], amount_msat: 20_000_000_000 }];
    expect(capacity(...disagree)).toBe(520_000_000);
    expect(withChannels(...disagree).input).toMatchObject([
      { code: 'capacities_disagree', examples: ['790000x1x0'] },
    ]);
  });

  it('leaves a channel out whose directions name other nodes', () => {
    const made = withChannels(good[0], { ...good[1], source: HUBS[3] });
    expect(made.input).toMatchObject([
      { code: 'directions_disagree', count: 1, examples: ['790000x1x0'] },
    ]);
    expect(made.ranking.find((r) => r.target === HUBS[2])?.share.publicSat).toBe(500_000_000);
  });

  it('uses the newer of two entries for one direction', () => {
    const newer = { ...good[0], amount_msat: 40_000_000_000, last_update: 1_770_000_001 };
    for (const entries of [
      [good[0], newer],
      [newer, good[0]],
    ]) {
      const made = withChannels(...entries);
      expect(made.input).toMatchObject([
        { code: 'duplicate', count: 1, examples: ['790000x1x0/0'] },
      ]);
      expect(made.ranking.find((r) => r.target === HUBS[2])?.share.publicSat).toBe(540_000_000);
    }
  });

  it('counts capacity without a policy, and sends nothing over it', () => {
    const { fee_per_millionth: _, ...silent } = good[0];
    const made = withChannels(silent);
    expect(made.input).toMatchObject([{ code: 'missing_policy', count: 1 }]);
    expect(made.ranking.find((r) => r.target === HUBS[2])?.share.publicSat).toBe(550_000_000);
  });

  it('counts channels of nodes that are not listed, and does not open to those', () => {
    const stranger = nodeId(777);
    const made = withChannels(
      ...LEAVES.slice(0, 6).flatMap((leaf, i) =>
        channel(stranger, leaf, `791000x${i + 1}x0`, { capacitySat: 100_000_000 }),
      ),
    );
    expect(made.input).toMatchObject([{ code: 'unknown_node', count: 6 }]);
    expect(made.diagnostics).toContainEqual(
      expect.objectContaining({ reason: 'unannounced', subjects: [stranger] }),
    );
  });

  it('is not blinded by sums beyond 2^53: what is absurd together goes without a trace', () => {
    const huge = Array.from(
      { length: 12_000 },
      (_, i) => channel(HUBS[0], HUBS[1], `792000x${i + 1}x0`, { capacitySat: 10 ** 12 })[0],
    ).map((c) => ({ ...(c as object), amount_msat: 10n ** 15n }));
    const blown = planCycle(
      sampleSnapshot({ channels: [...sampleChannels(), ...huge] }),
      planCycle(sampleSnapshot(), undefined).graph,
    );
    const made = blown.plan;
    expect(planCycle(sampleSnapshot(), blown.graph).plan.digest).toBe(clean.digest);
    expect(made.ranking.find((r) => r.target === HUBS[0])?.share.publicSat).toBe(
      Number.MAX_SAFE_INTEGER,
    );
  });

  it('reports broken entries of the list of nodes', () => {
    const nodes = [
      ...(sampleSnapshot()['nodes'] as unknown[]),
      announcement(HUBS[0]),
      {},
      { nodeid: 5 },
      null,
    ];
    expect(input({ nodes })).toMatchObject([
      { list: 'nodes', code: 'bad_field', count: 1 },
      { list: 'nodes', code: 'duplicate', count: 1, examples: [HUBS[0]] },
      { list: 'nodes', code: 'missing_field', count: 2 },
    ]);
  });
});

describe('broken lists', () => {
  it('plans without entries that cannot be read, and counts them', () => {
    const members = [
      ...(sampleSnapshot()['members'] as unknown[]),
      { id: 'x' },
      5,
      { ...(sampleSnapshot()['members'] as object[])[0], onchainSat: -1 },
    ];
    const made = plan(
      sampleSnapshot({ members, quality: [{ target: HUBS[1], refusals: -1 }], claims: 'none' }),
    );
    expect(made.orders).toEqual(clean.orders);
    expect(made.input.map((d) => `${d.list} ${d.code} ${d.count}`)).toEqual([
      'members bad_field 3',
      'quality bad_field 1',
      'snapshot bad_field 1',
    ]);
  });

  it('uses one of two entries for one member, the same in any order', () => {
    const members = sampleSnapshot()['members'] as Record<string, unknown>[];
    const twin = { ...members[2], onchainSat: 999_000_000 };
    const a = plan(sampleSnapshot({ members: [...members, twin] }));
    const b = plan(sampleSnapshot({ members: [twin, ...members] }));
    expect(a.digest).toBe(b.digest);
    expect(a.input).toMatchObject([{ list: 'members', code: 'duplicate', count: 1 }]);
  });

  it.each(['openOrders', 'pendingIntents', 'memberChannels'])(
    'spends nothing while an entry of %s cannot be read, except where it names its target',
    (list) => {
      const field = list === 'memberChannels' ? 'peer' : 'target';
      const nothing = plan(sampleSnapshot({ [list]: [{ broken: true }] }));
      expect(executableOrders(nothing)).toEqual([]);
      expect(nothing.diagnostics).toContainEqual(
        expect.objectContaining({ reason: 'commitment_unreadable', subjects: HUBS }),
      );
      const other = plan(sampleSnapshot({ [list]: [{ [field]: HUBS[1] }] }));
      expect(executableOrders(other).map((o) => o.target)).toEqual([HUBS[3]]);
      const absent = sampleSnapshot();
      delete absent[list];
      expect(executableOrders(plan(absent))).toEqual([]);
    },
  );

  it('closes requested openings, too, while something under way cannot be read', () => {
    const requests = [
      {
        member: MEMBERS[0],
        target: HUBS[2],
        side: 'open',
        type: 'market',
        quantitySat: 1_000_000,
        minSat: 0,
        stepSat: 1,
      },
    ];
    expect(
      executableOrders(plan(sampleSnapshot({ requests }))).some((o) => o.strategy === 'requested'),
    ).toBe(true);
    expect(executableOrders(plan(sampleSnapshot({ requests, openOrders: [null] })))).toEqual([]);
  });
});

describe('what cannot be planned', () => {
  it('is refused with a code', () => {
    for (const snapshot of [
      undefined,
      null,
      5,
      [],
      {},
      sampleSnapshot({ now: -1 }),
      sampleSnapshot({ blockHeight: 'x' }),
    ]) {
      expect(refusal(snapshot)).toBe('bad_snapshot');
    }
    expect(refusal(sampleSnapshot({ flags: [1, 9_999] }))).toBe('unknown_flag');
    expect(refusal(sampleSnapshot({ flags: [] }))).toBe('unknown_flag');
    for (const config of [
      5,
      { saturatedPpm: 1_000_001 },
      { saturatedPpm: 0.5 },
      { nonsense: 1 },
      { saturatedPpm: 100_000 },
      { minChannelSat: 60_000_000 },
      { hopMsat: 0 },
    ]) {
      expect(refusal(sampleSnapshot({ config }))).toBe('bad_config');
    }
  });

  it('does not mistake inherited names for settings', () => {
    expect(refusal(sampleSnapshot({ config: JSON.parse('{"__proto__":1}') }))).toBe('bad_config');
    expect(refusal(sampleSnapshot({ config: { constructor: 1 } }))).toBe('bad_config');
  });
});

describe('sizes', () => {
  const share = { publicSat: 100_000_000, fleetSat: 5_000_000, sharePpm: 50_000 };
  const funds = { idleSat: 1_000_000_000, budgetSat: 1_000_000_000, perkb: 2_000 };

  it('fill the share gap exactly: the new channel counts in the whole', () => {
    const size = sizeChannel(DEFAULT_CONFIG, share, funds);
    // (10 % of 100 million - 5 million) / 90 % = 5,555,555; with it the share is a tenth.
    expect(size).toMatchObject({
      ok: true,
      quantitySat: 5_550_000,
      limitedBy: 'shareGapSat',
      limits: { shareGapSat: 5_555_555, costSat: 800 },
    });
  });

  it('are bounded by funds, budget and the largest channel, and say by which', () => {
    expect(sizeChannel(DEFAULT_CONFIG, share, { ...funds, idleSat: 4_000_000 })).toMatchObject({
      quantitySat: 1_990_000,
      limitedBy: 'capitalSat',
    });
    expect(sizeChannel(DEFAULT_CONFIG, share, { ...funds, budgetSat: 3_000_000 })).toMatchObject({
      quantitySat: 3_000_000,
      limitedBy: 'budgetSat',
    });
    expect(
      sizeChannel({ ...DEFAULT_CONFIG, maxChannelSat: 2_000_000 }, share, funds),
    ).toMatchObject({ limitedBy: 'maxChannelSat' });
    expect(
      sizeChannel(DEFAULT_CONFIG, { publicSat: 0, fleetSat: 0, sharePpm: null }, funds),
    ).toMatchObject({ quantitySat: 50_000_000 });
  });

  it('are refused with the reason', () => {
    expect(sizeChannel(DEFAULT_CONFIG, { ...share, fleetSat: 9_500_000 }, funds)).toMatchObject({
      ok: false,
      reason: 'share_gap_too_small',
    });
    expect(sizeChannel(DEFAULT_CONFIG, share, { ...funds, idleSat: 0 })).toMatchObject({
      ok: false,
      reason: 'capital_short',
    });
    expect(sizeChannel(DEFAULT_CONFIG, share, { ...funds, budgetSat: 999_999 })).toMatchObject({
      ok: false,
      reason: 'budget_exhausted',
    });
    expect(sizeChannel(DEFAULT_CONFIG, share, { ...funds, perkb: 100_000_000 })).toMatchObject({
      ok: false,
      reason: 'uneconomic',
    });
    expect(sizeChannel({ ...DEFAULT_CONFIG, maxCostPpm: 0 }, share, funds)).toMatchObject({
      ok: false,
      reason: 'uneconomic',
    });
  });
});
