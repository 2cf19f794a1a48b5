import fc from 'fast-check';
import { announcement, channel, nodeId, sampleSnapshot } from './sample.ts';

const NODES = 24;
const id = fc.integer({ min: 1, max: NODES }).map(nodeId);

/** One channel of a small graph, both directions, at times with one of them broken. */
const channelEntries = fc
  .record({
    a: fc.integer({ min: 1, max: NODES }),
    step: fc.integer({ min: 1, max: NODES - 1 }),
    number: fc.integer({ min: 1, max: 200 }),
    capacitySat: fc.integer({ min: 1, max: 400 }).map((n) => n * 1_000_000),
    ppm: fc.integer({ min: 0, max: 3_000 }),
    base: fc.integer({ min: 0, max: 2_000 }),
    updated: fc.integer({ min: 1, max: 4 }),
    active: fc.boolean(),
    fault: fc.constantFrom(
      ...Array.from({ length: 8 }, () => 'none'),
      'none',
      'none',
      'none',
      'one',
      'capacity',
      'zero',
      'absurd',
      'missing',
      'type',
      'ends',
    ),
  })
  .map(({ a, step, number, fault, ...options }) => {
    const b = ((a - 1 + step) % NODES) + 1;
    const [first, second] = channel(nodeId(a), nodeId(b), `800000x${number}x0`, options) as [
      Record<string, unknown>,
      Record<string, unknown>,
    ];
    switch (fault) {
      case 'one':
        return [first];
      case 'capacity':
        return [first, { ...second, amount_msat: 7_000_000_000 }];
      case 'zero':
        return [first, { ...second, amount_msat: 0 }];
      case 'absurd':
        return [{ ...first, amount_msat: 2n ** 64n - 1n }, second];
      case 'missing': {
        const { destination: _, ...rest } = second;
        return [first, rest];
      }
      case 'type':
        return [{ ...first, direction: '0' }, second, 17, null];
      case 'ends':
        return [first, { ...second, source: nodeId(99) }];
      default:
        return [first, second];
    }
  });

/** Entries of `listchannels` for a small random graph, broken ones and repetitions among them. */
export const someChannels = fc
  .array(channelEntries, { minLength: 20, maxLength: 120 })
  .map((list) => list.flat());

/** A snapshot whose every list is random; small limits make most of it matter. */
export const someSnapshot = fc
  .record({
    channels: someChannels,
    nodes: fc.option(
      fc.array(id, { maxLength: 40 }).map((ids) => ids.map(announcement)),
      { nil: undefined, freq: 1 },
    ),
    members: fc.array(
      fc.record({
        id: fc.integer({ min: 1, max: 6 }).map(nodeId),
        onchainSat: fc.integer({ min: 0, max: 80 }).map((n) => n * 1_000_000),
        uptimePpm: fc.option(fc.integer({ min: 800_000, max: 1_000_000 }), { nil: undefined }),
        online: fc.constantFrom(true, true, false),
        canOpen: fc.constantFrom(true, true, false),
        clboss: fc.boolean(),
      }),
      { maxLength: 8 },
    ),
    memberChannels: fc.array(
      fc.record({
        member: fc.integer({ min: 1, max: 6 }).map(nodeId),
        peer: id,
        state: fc.constantFrom('CHANNELD_NORMAL', 'CHANNELD_AWAITING_LOCKIN', 'ONCHAIN'),
        totalSat: fc.integer({ min: 1, max: 10_000_000 }),
      }),
      { maxLength: 5 },
    ),
    claims: fc.array(
      fc.record({
        member: fc.integer({ min: 1, max: 6 }).map(nodeId),
        peer: id,
        capacitySat: fc.integer({ min: 0, max: 10 ** 12 }),
      }),
      { maxLength: 8 },
    ),
    pendingIntents: fc.array(fc.record({ id: fc.constantFrom('a', 'b'), member: id, target: id }), {
      maxLength: 2,
    }),
    quality: fc.array(
      fc.record({
        target: id,
        scorePpm: fc.integer({ min: 0, max: 1_000_000 }),
        refusals: fc.integer({ min: 0, max: 5 }),
        lastRefusedAt: fc.integer({ min: 1_769_000_000_000, max: 1_770_100_000_000 }),
      }),
      { maxLength: 6 },
    ),
    guards: fc.array(
      fc.record({
        member: fc.integer({ min: 1, max: 6 }).map(nodeId),
        target: id,
        tags: fc.subarray(['lnfee', 'open', 'close']),
        ours: fc.boolean(),
      }),
      { maxLength: 6 },
    ),
    saturated: fc.array(id, { maxLength: 4 }),
    ignored: fc.array(id, { maxLength: 2 }),
    requests: fc.array(
      fc.record(
        {
          member: fc.oneof(id, fc.constant(7)),
          target: id,
          side: fc.constantFrom('open', 'close', 'lease_buy', 'OPEN', 'sell'),
          type: fc.constantFrom('limit', 'market', 'stop'),
          quantitySat: fc.oneof(
            fc.integer({ min: 0, max: 5_000_000 }),
            fc.double({ noNaN: true, noDefaultInfinity: true }),
          ),
          pricePpm: fc.option(fc.integer({ min: 0, max: 100_000 })),
          minSat: fc.constant(0),
          stepSat: fc.constant(1),
          channelId: fc.option(fc.constant('ab'.repeat(32))),
        },
        { requiredKeys: ['side'] },
      ),
      { maxLength: 5 },
    ),
    openingPerkb: fc.option(fc.integer({ min: 253, max: 8_000 }), { nil: undefined }),
    expansionsEnabled: fc.constantFrom(true, true, false),
  })
  .map((changes) =>
    sampleSnapshot({
      ...changes,
      config: {
        targetMinCapacitySat: 50_000_000,
        targetMinChannels: 2,
        centralityCandidates: 6,
        guardNewMax: 2,
        massSaturationMax: 6,
        expansionsPerCycle: 2,
      },
    }),
  );

/** `list` in another order, chosen by `seed`. */
export function shuffled<T>(list: readonly T[], seed: number): T[] {
  const copy = [...list];
  let state = seed >>> 0;
  for (let i = copy.length - 1; i > 0; i -= 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const j = state % (i + 1);
    [copy[i], copy[j]] = [copy[j], copy[i]] as [T, T];
  }
  return copy;
}
