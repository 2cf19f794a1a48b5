import { stringifyJson } from '@cl-hive/core';
import { plan, planBytes } from '@cl-hive/planning-kernel';
import { channel, HUBS, MEMBERS, nodeId, sampleChannels, sampleSnapshot } from './sample.ts';

/** What the histories were recorded from; a new case is added, none is ever changed. */
const CASES: Readonly<Record<string, Record<string, unknown>>> = {
  'one-opening': sampleSnapshot(),
  saturation: sampleSnapshot({
    channels: [
      ...sampleChannels(),
      ...channel(MEMBERS[0], HUBS[1], '740000x1x0', { capacitySat: 160_000_000 }),
      ...channel(MEMBERS[1], HUBS[2], '740000x2x0', { capacitySat: 90_000_000 }),
    ],
    claims: [{ member: MEMBERS[0], peer: HUBS[1], capacitySat: 10 ** 14 }],
    saturated: [HUBS[2], HUBS[3]],
    guards: [{ member: MEMBERS[2], target: HUBS[3], tags: ['lnfee', 'open'], ours: true }],
  }),
  'under-way': sampleSnapshot({
    openOrders: [
      {
        clientOrderId: 'ab'.repeat(32),
        member: MEMBERS[1],
        target: HUBS[1],
        side: 'open',
        quantitySat: 4_000_000,
        status: 'unknown',
      },
    ],
    pendingIntents: [{ id: 'i1', member: MEMBERS[0], target: HUBS[3] }],
    quality: [
      { target: HUBS[2], scorePpm: 900_000, refusals: 0 },
      { target: HUBS[0], refusals: 2, lastRefusedAt: 1_770_099_000_000 },
    ],
  }),
  'one-member-per-target': sampleSnapshot({ flags: [1, 2] }),
  'risk-in-reach': sampleSnapshot({
    flags: [1, 2, 3],
    channels: [
      ...sampleChannels(),
      ...channel(HUBS[1], nodeId(300), '760000x1x0', { capacitySat: 120_000 }),
      ...channel(HUBS[2], nodeId(300), '760000x2x0', { capacitySat: 9_000_000 }),
    ],
  }),
  'broken-input': sampleSnapshot({
    channels: [
      ...sampleChannels(),
      null,
      { source: HUBS[0] },
      ...channel(HUBS[0], nodeId(900), '750000x1x0', { capacitySat: 1_000_000_000 }),
      ...channel(HUBS[0], HUBS[2], '750000x2x0', { capacitySat: 80_000_000 }).slice(1),
    ],
    members: [...(sampleSnapshot()['members'] as unknown[]), { id: 'nobody' }],
    openOrders: [{ target: HUBS[1] }],
    requests: [{ side: 'OPEN' }, { member: MEMBERS[0], side: 'close', type: 'market' }],
  }),
};

/** The text of every history by its name: a snapshot and the bytes and digest of its plan. */
export function recordedTexts(): readonly (readonly [string, string])[] {
  return Object.entries(CASES).map(([name, snapshot]) => {
    const made = plan(snapshot);
    return [name, `${stringifyJson({ digest: made.digest, plan: planBytes(made), snapshot })}\n`];
  });
}
