import { FLAGS } from '@cl-hive/planning-kernel';

/** A node id that sorts by its number. */
export function nodeId(n: number): string {
  return `02${n.toString(16).padStart(64, '0')}`;
}

export interface ChannelOptions {
  readonly capacitySat: number;
  readonly base?: number;
  readonly ppm?: number;
  readonly active?: boolean;
  readonly updated?: number;
}

/** Both directions of a channel in the shape of `listchannels`. */
export function channel(a: string, b: string, scid: string, options: ChannelOptions): unknown[] {
  const [lesser, greater] = a < b ? [a, b] : [b, a];
  return [0, 1].map((direction) => ({
    source: direction === 0 ? lesser : greater,
    destination: direction === 0 ? greater : lesser,
    short_channel_id: scid,
    direction,
    public: true,
    amount_msat: options.capacitySat * 1000,
    message_flags: 1,
    channel_flags: direction,
    active: options.active ?? true,
    last_update: options.updated ?? 1_770_000_000,
    base_fee_millisatoshi: options.base ?? 1000,
    fee_per_millionth: options.ppm ?? 100,
    delay: 40,
    htlc_minimum_msat: 0,
    htlc_maximum_msat: options.capacitySat * 1000,
    features: '',
  }));
}

/** Node entries in the shape of `listnodes`. */
export function announcement(id: string): unknown {
  return {
    nodeid: id,
    alias: 'a',
    color: '000000',
    last_timestamp: 1_770_000_000,
    features: '',
    addresses: [],
  };
}

export const HUBS = [nodeId(100), nodeId(101), nodeId(102), nodeId(103)] as const;
export const MEMBERS = [nodeId(1), nodeId(2), nodeId(3)] as const;
export const LEAVES = Array.from({ length: 12 }, (_, i) => nodeId(200 + i));

/**
 * Four hubs in a ring, each with three leaves; members 1 and 2 share a channel, and member 1 has one to
 * the first hub. Hub capacities: 3 leaves and 2 hubs at 100,000,000 sat each.
 */
export function sampleChannels(): unknown[] {
  const BIG = 100_000_000;
  const ring = HUBS.flatMap((hub, i) =>
    channel(hub, HUBS[(i + 1) % HUBS.length] ?? '', `700000x${i + 1}x0`, { capacitySat: BIG }),
  );
  const leaves = LEAVES.flatMap((leaf, i) =>
    channel(leaf, HUBS[Math.floor(i / 3)] ?? '', `710000x${i + 1}x0`, { capacitySat: BIG }),
  );
  return [
    ...ring,
    ...leaves,
    ...channel(MEMBERS[0], MEMBERS[1], '720000x1x0', { capacitySat: 5_000_000 }),
    ...channel(MEMBERS[0], HUBS[0], '720000x2x0', { capacitySat: 5_000_000 }),
  ];
}

/** A snapshot in which the fleet opens one channel; `changes` replace its members. */
export function sampleSnapshot(
  changes: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return {
    flags: [FLAGS.baseline],
    now: 1_770_100_000_000,
    blockHeight: 935_000,
    channels: sampleChannels(),
    nodes: [...HUBS, ...MEMBERS, ...LEAVES].map(announcement),
    members: MEMBERS.map((id, i) => ({
      id,
      onchainSat: 20_000_000 + i * 10_000_000,
      uptimePpm: 990_000,
      online: true,
      canOpen: true,
      clboss: i !== 0,
    })),
    memberChannels: [
      { member: MEMBERS[0], peer: MEMBERS[1], state: 'CHANNELD_NORMAL', totalSat: 5_000_000 },
      { member: MEMBERS[1], peer: MEMBERS[0], state: 'CHANNELD_NORMAL', totalSat: 5_000_000 },
      { member: MEMBERS[0], peer: HUBS[0], state: 'CHANNELD_NORMAL', totalSat: 5_000_000 },
    ],
    claims: [],
    openOrders: [],
    pendingIntents: [],
    quality: [],
    guards: [],
    saturated: [],
    requests: [],
    openingPerkb: 2_000,
    budget: { limitSat: 100_000_000, spentSat: 0, reservedSat: 0 },
    expansionsEnabled: true,
    ignored: [],
    config: {},
    ...changes,
  };
}
