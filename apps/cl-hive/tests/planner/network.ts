import type { NodeId } from '@cl-hive/core';
import type { SeededRandom } from '@cl-hive/testkit';

/** An entry of listchannels. */
export interface ChannelEntry {
  readonly source: string;
  readonly destination: string;
  readonly short_channel_id: string;
  readonly direction: number;
  readonly public: boolean;
  readonly amount_msat: number;
  readonly active: boolean;
  readonly last_update: number;
  readonly base_fee_millisatoshi: number;
  readonly fee_per_millionth: number;
  readonly htlc_maximum_msat: number;
}

/** An entry of listnodes. */
export interface NodeEntry {
  readonly nodeid: string;
  readonly alias: string;
  readonly last_timestamp: number;
}

/** A public network as lightningd lists it. */
export interface Network {
  readonly channels: readonly ChannelEntry[];
  readonly nodes: readonly NodeEntry[];
}

/** Unix seconds of the networks' gossip. */
export const NOW_SECONDS = 1_770_000_000;

/** A node id that sorts by its number. */
export function idOf(n: number): NodeId {
  return `02${n.toString(16).padStart(64, '0')}` as NodeId;
}

/** Both directions of a channel. */
export function channelEntries(
  a: string,
  b: string,
  scid: string,
  sat: number,
  fees: { readonly base: number; readonly ppm: number } = { base: 1000, ppm: 200 },
): ChannelEntry[] {
  const [lesser, greater] = a < b ? [a, b] : [b, a];
  return [0, 1].map((direction) => ({
    source: direction === 0 ? lesser : greater,
    destination: direction === 0 ? greater : lesser,
    short_channel_id: scid,
    direction,
    public: true,
    amount_msat: sat * 1000,
    active: true,
    last_update: NOW_SECONDS,
    base_fee_millisatoshi: fees.base,
    fee_per_millionth: fees.ppm,
    htlc_maximum_msat: sat * 990,
  }));
}

/** What a node charges on most of its channels: the median of its policies. */
export function usualFees(
  channels: readonly ChannelEntry[],
  node: string,
): { readonly base: number; readonly ppm: number } {
  const own = channels
    .filter(({ source, active }) => source === node && active)
    .map(({ base_fee_millisatoshi: base, fee_per_millionth: ppm }) => ({ base, ppm }))
    .sort((a, b) => a.base + a.ppm * 100 - b.base - b.ppm * 100);
  return own[own.length >> 1] ?? { base: 1000, ppm: 200 };
}

/** A channel that a member opened: it charges little, the other side what it charges elsewhere. */
export function openedEntries(
  network: readonly ChannelEntry[],
  member: string,
  target: string,
  scid: string,
  sat: number,
): ChannelEntry[] {
  const usual = usualFees(network, target);
  return channelEntries(member, target, scid, sat, { base: 0, ppm: 100 }).map((entry) =>
    entry.source === target
      ? { ...entry, base_fee_millisatoshi: usual.base, fee_per_millionth: usual.ppm }
      : entry,
  );
}

/** The announcement of a node. */
export function nodeEntry(id: string): NodeEntry {
  return { nodeid: id, alias: `n-${id.slice(60)}`, last_timestamp: NOW_SECONDS };
}

/** A connected network in which new nodes prefer busy ones; ids from 1,000 on. */
export function smallNetwork(count: number, random: SeededRandom): Network {
  const ends: number[] = [];
  const channels: ChannelEntry[] = [];
  const join = (a: number, b: number): void => {
    const sat = 1_000_000 * (1 + random.below(20));
    const fees = { base: random.below(3) * 500, ppm: 50 + random.below(800) };
    const scid = `${600_000 + channels.length}x1x0`;
    channels.push(...channelEntries(idOf(1000 + a), idOf(1000 + b), scid, sat, fees));
    ends.push(a, b);
  };
  join(0, 1);
  for (let node = 2; node < count; node += 1) {
    const links = 1 + random.below(4);
    for (let link = 0; link < links; link += 1) {
      const other = random.pick(ends);
      join(node, other === node ? 0 : other);
    }
  }
  return {
    channels,
    nodes: Array.from({ length: count }, (_, n) => nodeEntry(idOf(1000 + n))),
  };
}
