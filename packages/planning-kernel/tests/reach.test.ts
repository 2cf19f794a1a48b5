import { DEFAULT_CONFIG, explained, prepare } from '@cl-hive/planning-kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { channel, nodeId, sampleSnapshot } from './sample.ts';

const NODES = 14;
const MEMBERS = [nodeId(1), nodeId(2)];
const { paymentSat, hopMsat, maxPaymentCostMsat } = DEFAULT_CONFIG;

interface Half {
  readonly from: string;
  readonly to: string;
  readonly feeMsat: number;
  readonly capacitySat: number;
  readonly riskMsat: number;
  readonly usable: boolean;
}

const someHalves = fc
  .array(
    fc.record({
      a: fc.integer({ min: 1, max: NODES }),
      step: fc.integer({ min: 1, max: NODES - 1 }),
      capacitySat: fc.constantFrom(50_000, 100_000, 2_000_000, 300_000_000),
      ppm: fc.tuple(fc.integer({ min: 0, max: 2_500 }), fc.integer({ min: 0, max: 2_500 })),
      active: fc.tuple(fc.constantFrom(true, true, true, false), fc.boolean()),
    }),
    { minLength: 5, maxLength: 40 },
  )
  .map((list) =>
    list.map(({ a, step, capacitySat, ppm, active }, i) => {
      const entries = channel(
        nodeId(a),
        nodeId(((a - 1 + step) % NODES) + 1),
        `810000x${i + 1}x0`,
        { capacitySat },
      );
      return entries.map((entry, direction) => ({
        ...(entry as { source: string; destination: string }),
        capacitySat,
        fee_per_millionth: ppm[direction] ?? 0,
        active: active[direction] ?? false,
      }));
    }),
  )
  .map((channels) => channels.flat());

interface Entry {
  readonly source: string;
  readonly destination: string;
  readonly capacitySat: number;
  readonly fee_per_millionth: number;
  readonly active: boolean;
}

function halvesOf(entries: readonly Entry[], riskPpm: number): Half[] {
  return entries.map((e) => ({
    from: e.source,
    to: e.destination,
    feeMsat: 1000 + Math.floor((e.fee_per_millionth * paymentSat) / 1000),
    capacitySat: e.capacitySat,
    riskMsat: Math.floor(((paymentSat * riskPpm) / 1000) * (paymentSat / e.capacitySat)),
    usable: e.active && e.capacitySat >= paymentSat,
  }));
}

/** Cheapest costs by plain repetition: nothing is shared with the kernel's way of finding them. */
function costs(
  halves: readonly Half[],
  direction: 'out' | 'in',
  extra?: { readonly target: string; readonly costMsat: number },
): Map<string, number> {
  const cost = new Map<string, number>(MEMBERS.map((m) => [m, 0]));
  if (extra !== undefined && !MEMBERS.includes(extra.target)) {
    cost.set(extra.target, extra.costMsat);
  }
  for (let changed = true; changed; ) {
    changed = false;
    for (const { from, to, feeMsat, riskMsat, usable } of halves) {
      const [near, far] = direction === 'out' ? [from, to] : [to, from];
      const fee = direction === 'out' && MEMBERS.includes(near) ? 0 : feeMsat;
      const total = (cost.get(near) ?? Number.POSITIVE_INFINITY) + hopMsat + fee + riskMsat;
      if (
        usable &&
        total < maxPaymentCostMsat &&
        total < (cost.get(far) ?? Number.POSITIVE_INFINITY)
      ) {
        cost.set(far, total);
        changed = true;
      }
    }
  }
  return cost;
}

describe('reach', () => {
  it.each([
    ['without risk', [1, 2], 0],
    ['with risk, from flag 3 on', [1, 2, 3], 1_000],
  ])(
    'gains exactly what a search of the whole graph with the new channel finds, %s',
    (_name, flags, riskPpm) => {
      fc.assert(
        fc.property(someHalves, fc.integer({ min: 3, max: NODES }), (entries, number) => {
          const target = nodeId(number);
          const snapshot = sampleSnapshot({
            flags,
            channels: entries,
            nodes: undefined,
            memberChannels: [],
            members: MEMBERS.map((id) => ({
              id,
              onchainSat: 0,
              online: true,
              canOpen: true,
              clboss: false,
            })),
            config: { bottleneckPpm: 1_000_000 },
          });
          const halves = halvesOf(entries, riskPpm);
          const told = explained(prepare(snapshot, undefined)).explain(target);
          if (!told.known) {
            expect(halves.some((h) => h.from === target)).toBe(false);
            return;
          }
          const fees = halves
            .filter((h) => h.from === target && h.usable)
            .map((h) => h.feeMsat)
            .sort((a, b) => a - b);
          const targetFee = fees[Math.floor((fees.length - 1) / 2)] ?? 0;
          const digits = (id: string): number =>
            halves
              .filter((h) => h.from === id)
              .reduce((sum, h) => sum + h.capacitySat, 0)
              .toString(2).length;
          let saved = 0;
          let opened = 0;
          for (const direction of ['out', 'in'] as const) {
            const before = costs(halves, direction);
            const costMsat = hopMsat + (direction === 'in' ? targetFee : 0);
            for (const [id, cost] of costs(halves, direction, {
              target,
              costMsat: Math.min(costMsat, before.get(target) ?? maxPaymentCostMsat),
            })) {
              saved += digits(id) * ((before.get(id) ?? maxPaymentCostMsat) - cost);
              opened += before.has(id) || cost >= maxPaymentCostMsat ? 0 : 1;
            }
          }
          expect(told.rating?.reach).toMatchObject({ savedMsat: saved, targetFeeMsat: targetFee });
          expect((told.rating?.reach.openedOut ?? 0) + (told.rating?.reach.openedIn ?? 0)).toBe(
            opened,
          );
        }),
        { numRuns: 400 },
      );
    },
  );
});
