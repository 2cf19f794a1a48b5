import { createHash } from 'node:crypto';
import { parseJson, stringifyJson } from '@cl-hive/core';
import { canonicalJson, plan, planBytes, planCycle, textDigest } from '@cl-hive/planning-kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shuffled, someChannels, someSnapshot } from './random-snapshot.ts';
import { sampleSnapshot } from './sample.ts';

describe('determinism', () => {
  it('gives the same bytes in any insertion order of lists and members', () => {
    fc.assert(
      fc.property(someSnapshot, fc.nat(), (snapshot, seed) => {
        const other = Object.fromEntries(
          shuffled(Object.entries(snapshot), seed).map(([key, value]) => [
            key,
            Array.isArray(value) && key !== 'flags' ? shuffled(value, seed) : value,
          ]),
        );
        expect(planBytes(plan(other))).toBe(planBytes(plan(snapshot)));
      }),
      { numRuns: 150 },
    );
  });

  it('gives the same bytes after the snapshot was written and read', () => {
    fc.assert(
      fc.property(someSnapshot, (snapshot) => {
        const copy = parseJson(stringifyJson(snapshot));
        expect(planBytes(plan(copy))).toBe(planBytes(plan(snapshot)));
      }),
    );
  });

  it('leaves its input alone', () => {
    const snapshot = sampleSnapshot();
    const before = stringifyJson(snapshot);
    plan(snapshot);
    expect(stringifyJson(snapshot)).toBe(before);
  });

  it('holds integers only, and its digest is that of its bytes', () => {
    fc.assert(
      fc.property(someSnapshot, (snapshot) => {
        const made = plan(snapshot);
        expect(made.digest).toBe(textDigest(planBytes(made)));
        expect(canonicalJson(parseJson(planBytes(made)))).toBe(planBytes(made));
      }),
    );
  });

  it("has one digest, whoever computes it: a platform's SHA-256 gives the kernel's", () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(createHash('sha256').update(text, 'utf8').digest('hex')).toBe(textDigest(text));
      }),
    );
    const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
    const made = planCycle(sampleSnapshot(), undefined, digest).plan;
    expect(made).toEqual(plan(sampleSnapshot()));
  });

  it('sorts universe, intents and orders canonically', () => {
    fc.assert(
      fc.property(someSnapshot, (snapshot) => {
        const made = plan(snapshot);
        expect(made.universe).toEqual([...made.universe].sort());
        const key = (i: { target?: unknown; side?: unknown }): string =>
          `${String(i.target)} ${String(i.side)}`;
        expect(made.intents.map(key)).toEqual(made.intents.map(key).sort());
        expect(made.orders.map((o) => o.clientOrderId).length).toBe(
          new Set(made.orders.map((o) => o.clientOrderId)).size,
        );
      }),
    );
  });
});

describe('the index of the graph', () => {
  it('gives the same plan, updated by differences, as from scratch', () => {
    fc.assert(
      fc.property(
        someSnapshot,
        fc.array(fc.tuple(someChannels, fc.nat(100), fc.nat()), { minLength: 1, maxLength: 5 }),
        (snapshot, steps) => {
          let graph = planCycle(snapshot, undefined).graph;
          let channels = snapshot['channels'] as unknown[];
          for (const [fresh, keepPercent, seed] of steps) {
            const kept = shuffled(channels, seed).slice(
              0,
              Math.floor((channels.length * keepPercent) / 100),
            );
            channels = shuffled([...kept, ...fresh], seed + 1);
            const next = { ...snapshot, channels };
            const incremental = planCycle(next, graph);
            expect(planBytes(incremental.plan)).toBe(planBytes(plan(next)));
            graph = incremental.graph;
          }
        },
      ),
      { numRuns: 80 },
    );
  });

  it('computes nothing for unchanged channels', () => {
    const snapshot = sampleSnapshot();
    const first = planCycle(snapshot, undefined);
    expect(first.changes).toMatchObject({
      changedHalves: 36,
      recomputedChannels: 18,
      adjacencyRebuilt: true,
    });
    const second = planCycle(snapshot, first.graph);
    expect(second.changes).toEqual({
      unchangedHalves: 36,
      changedHalves: 0,
      removedHalves: 0,
      recomputedChannels: 0,
      adjacencyRebuilt: false,
    });
    expect(second.graph.outgoing).toBe(first.graph.outgoing);
    expect(second.plan.digest).toBe(first.plan.digest);
  });

  it('computes only the channel whose fee changed, and only that one which went', () => {
    const snapshot = sampleSnapshot();
    const first = planCycle(snapshot, undefined);
    const channels = snapshot['channels'] as Record<string, unknown>[];
    const dearer = channels.map((c, i) =>
      i === 0 ? { ...c, fee_per_millionth: 900, last_update: 1_770_000_001 } : c,
    );
    const second = planCycle({ ...snapshot, channels: dearer }, first.graph);
    expect(second.changes).toMatchObject({
      changedHalves: 1,
      recomputedChannels: 1,
      adjacencyRebuilt: false,
    });
    const third = planCycle({ ...snapshot, channels: dearer.slice(2) }, second.graph);
    expect(third.changes).toMatchObject({
      removedHalves: 2,
      recomputedChannels: 1,
      adjacencyRebuilt: true,
    });
  });

  it('does not touch the index that it was given', () => {
    const snapshot = sampleSnapshot();
    const first = planCycle(snapshot, undefined);
    const columns = JSON.stringify([
      first.graph.halves,
      first.graph.ends,
      first.graph.effectiveSat,
      first.graph.nodeIds,
    ]);
    planCycle({ ...snapshot, channels: [] }, first.graph);
    planCycle({ ...snapshot, channels: (snapshot['channels'] as unknown[]).slice(3) }, first.graph);
    expect(
      JSON.stringify([
        first.graph.halves,
        first.graph.ends,
        first.graph.effectiveSat,
        first.graph.nodeIds,
      ]),
    ).toBe(columns);
    expect(planCycle(snapshot, first.graph).plan.digest).toBe(first.plan.digest);
  });
});
