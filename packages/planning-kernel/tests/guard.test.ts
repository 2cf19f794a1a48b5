import { executableOrders, type Plan, plan } from '@cl-hive/planning-kernel';
import { describe, expect, it } from 'vitest';
import { channel, HUBS, MEMBERS, nodeId, sampleChannels, sampleSnapshot } from './sample.ts';

/** The sample with member 1 holding `sat` of each given hub. */
function holding(sat: number, ...hubs: readonly string[]): unknown[] {
  return [
    ...sampleChannels(),
    ...hubs.flatMap((hub, i) =>
      channel(MEMBERS[0], hub, `740000x${i + 1}x0`, { capacitySat: sat }),
    ),
  ];
}

const ignores = (made: Plan): string[] =>
  made.guard.intents.map((i) => `${i.action} ${i.member.slice(-2)} ${i.params.join(' ')}`);

describe('saturation', () => {
  it('begins at 20 % exactly and computes each channel once', () => {
    // 125 of 625 million is a fifth; hub 1 has 500 million without the fleet.
    const full = plan(sampleSnapshot({ channels: holding(125_000_000, HUBS[1]) }));
    expect(full.guard.saturated).toEqual([{ target: HUBS[1], sharePpm: 200_000 }]);
    expect(full.diagnostics.find((d) => d.reason === 'saturated')?.subjects).toEqual([HUBS[1]]);
    const almost = plan(sampleSnapshot({ channels: holding(124_999_999, HUBS[1]) }));
    expect(almost.guard.saturated).toEqual([]);
  });

  it('is kept down to 15 % and released below, so that it does not flap', () => {
    const share = (sat: number): Plan =>
      plan(sampleSnapshot({ channels: holding(sat, HUBS[1]), saturated: [HUBS[1]] }));
    // 15 %: x / (500 + x).
    expect(share(88_235_295).guard.saturated).toHaveLength(1);
    expect(share(88_235_294).guard.saturated).toHaveLength(0);
    expect(share(100_000_000).guard.saturated).toHaveLength(1);
  });

  it('does not believe claims beyond what is public, and believes less', () => {
    const claim = (capacitySat: number): Plan =>
      plan(
        sampleSnapshot({
          channels: holding(125_000_000, HUBS[1]),
          claims: [{ member: MEMBERS[0], peer: HUBS[1], capacitySat }],
        }),
      );
    expect(claim(10 ** 15).guard.saturated).toMatchObject([{ sharePpm: 200_000 }]);
    expect(claim(10 ** 15).input).toContainEqual({
      list: 'claims',
      code: 'claim_beyond_public',
      count: 1,
      examples: [`${MEMBERS[0]} ${HUBS[1]}`],
    });
    expect(claim(1_000_000).guard.saturated).toEqual([]);
  });

  it('is never found where nothing is known', () => {
    const made = plan(
      sampleSnapshot({
        saturated: [nodeId(999)],
        claims: [{ member: MEMBERS[0], peer: nodeId(999), capacitySat: 10 ** 9 }],
      }),
    );
    expect(made.guard.saturated).toEqual([]);
  });
});

describe('the guard of CLBOSS', () => {
  const channels = holding(125_000_000, HUBS[1]);

  it('tells it on members without a channel there, and only where it runs', () => {
    const made = plan(sampleSnapshot({ channels }));
    expect(ignores(made)).toEqual([`ignore 02 ${HUBS[1]} open`, `ignore 03 ${HUBS[1]} open`]);
    expect(made.guard.intents[0]).toMatchObject({
      method: 'clboss-unmanage',
      params: [HUBS[1], 'open'],
    });
  });

  it('keeps the tags that the operator set, and asks for nothing that is in force', () => {
    const guards = [
      { member: MEMBERS[1], target: HUBS[1], tags: ['lnfee'], ours: false },
      { member: MEMBERS[2], target: HUBS[1], tags: ['open'], ours: true },
    ];
    expect(ignores(plan(sampleSnapshot({ channels, guards })))).toEqual([
      `ignore 02 ${HUBS[1]} lnfee,open`,
    ]);
  });

  it('releases what it set, keeps other tags, and leaves the operator his own', () => {
    const guards = [
      { member: MEMBERS[1], target: HUBS[1], tags: ['lnfee', 'open'], ours: true },
      { member: MEMBERS[2], target: HUBS[1], tags: ['open'], ours: true },
      { member: MEMBERS[2], target: HUBS[2], tags: ['open'], ours: false },
    ];
    expect(ignores(plan(sampleSnapshot({ guards })))).toEqual([
      `release 02 ${HUBS[1]} lnfee`,
      `release 03 ${HUBS[1]} `,
    ]);
  });

  it('takes at most five new targets a cycle, fullest first, and the rest in the next', () => {
    const hubs = Array.from({ length: 7 }, (_, i) => nodeId(400 + i));
    const rich = hubs.flatMap((hub, h) => [
      ...Array.from({ length: 5 }, (_, i) =>
        channel(hub, nodeId(500 + i), `75${h}000x${i + 1}x0`, { capacitySat: 100_000_000 }),
      ).flat(),
      ...channel(MEMBERS[0], hub, `76${h}000x1x0`, { capacitySat: 200_000_000 + h * 1_000_000 }),
    ]);
    const snapshot = sampleSnapshot({ channels: [...sampleChannels(), ...rich], nodes: undefined });
    const made = plan(snapshot);
    expect(made.guard.saturated.map((s) => s.target)).toEqual(hubs.slice(2));
    expect(made.diagnostics.find((d) => d.reason === 'guard_limit')?.subjects).toEqual(
      hubs.slice(0, 2),
    );
    expect(made.guard.intents.filter((i) => i.member === MEMBERS[1])).toHaveLength(5);
    const guards = made.guard.intents.map((i) => ({
      member: i.member,
      target: i.target,
      tags: ['open'],
      ours: true,
    }));
    const next = plan({
      ...snapshot,
      guards,
      saturated: made.guard.saturated.map((s) => s.target),
    });
    expect(next.guard.saturated.map((s) => s.target)).toEqual(hubs);
    expect(next.guard.intents.filter((i) => i.member === MEMBERS[1]).map((i) => i.target)).toEqual(
      hubs.slice(0, 2),
    );
    const third = plan({
      ...snapshot,
      guards: [
        ...guards,
        ...next.guard.intents.map((i) => ({
          member: i.member,
          target: i.target,
          tags: ['open'],
          ours: true,
        })),
      ],
      saturated: next.guard.saturated.map((s) => s.target),
    });
    expect(third.guard.intents).toEqual([]);
  });

  it('catches up with a member that is new, five at a time', () => {
    const made = plan(
      sampleSnapshot({
        channels: holding(125_000_000, ...HUBS),
        saturated: HUBS,
        config: { guardNewMax: 3 },
      }),
    );
    for (const member of [MEMBERS[1], MEMBERS[2]]) {
      expect(made.guard.intents.filter((i) => i.member === member).map((i) => i.target)).toEqual(
        HUBS.slice(0, 3),
      );
    }
  });

  it('stops guard and expansion, changes nothing and says so when too much is saturated at once', () => {
    const before = [nodeId(999)];
    const made = plan(
      sampleSnapshot({
        channels: holding(200_000_000, ...HUBS),
        config: { massSaturationMax: 3 },
        saturated: before,
      }),
    );
    expect(made.guard).toEqual({
      aborted: true,
      intents: [],
      saturated: [{ target: before[0], sharePpm: null }],
    });
    expect(made.diagnostics).toContainEqual({
      stage: 'strategies',
      reason: 'mass_saturation',
      changedBy: 'massSaturationMax',
      count: 4,
      subjects: HUBS,
    });
    expect(executableOrders(made)).toEqual([]);
  });
});
