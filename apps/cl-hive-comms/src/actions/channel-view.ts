import {
  type ListpeerchannelsChannels,
  listaddresses,
  listpeerchannels,
  type RpcClient,
  RpcError,
} from '@cl-hive/cln-rpc';
import type { ActionFacts } from '@cl-hive/comms';
import type { Msat } from '@cl-hive/core';
import { ASK_MS } from './limits.ts';

/** A channel that has an id, with the amounts that every such channel has. */
export interface NodeChannel {
  readonly id: string;
  /** Short channel id, own alias, channel id. The peer's alias is not one: the peer chooses it. */
  readonly names: readonly string[];
  readonly row: ListpeerchannelsChannels;
  readonly totalMsat: bigint;
  readonly toUsMsat: bigint;
}

/** States in which a channel carries or will carry payments. */
const LIVE: ReadonlySet<string> = new Set([
  'CHANNELD_AWAITING_LOCKIN',
  'CHANNELD_NORMAL',
  'CHANNELD_AWAITING_SPLICE',
  'DUALOPEND_AWAITING_LOCKIN',
]);

/** Whether a channel is neither opening nor ending. */
export function isLive({ row }: NodeChannel): boolean {
  return LIVE.has(row.state);
}

/** The node's channels at one moment. */
export class ChannelView {
  readonly all: readonly NodeChannel[];

  constructor(rows: readonly ListpeerchannelsChannels[]) {
    this.all = rows.flatMap((row) => {
      const { channel_id: id, short_channel_id: scid, alias } = row;
      if (id === undefined) {
        return [];
      }
      const names = [scid, alias?.local, id].filter((name) => name !== undefined);
      const totalMsat = row.total_msat ?? 0n;
      return [{ id, names, row, totalMsat, toUsMsat: row.to_us_msat ?? 0n }];
    });
  }

  /** Channels that carry or will carry payments. */
  get live(): readonly NodeChannel[] {
    return this.all.filter(isLive);
  }

  /** The channel of a name; the live one where several had it. */
  find(name: string): NodeChannel | undefined {
    const found = this.all.filter(({ names }) => names.includes(name));
    return found.find(isLive) ?? found[0];
  }

  /** Facts about channels by name: whose they are, and which names are none. */
  facts(names: readonly string[], more: Partial<ActionFacts> = {}): ActionFacts {
    const found = names.map((name) => ({ name, channel: this.find(name) }));
    const channels = found.flatMap(({ channel }) => (channel === undefined ? [] : [channel]));
    return {
      peers: [...new Set(channels.map(({ row }) => row.peer_id))],
      channels: channels.map((channel) => channel.names),
      amountMsat: 0n as Msat,
      feeMsat: 0n as Msat,
      closesMsat: 0n as Msat,
      capacityMsat: sumOf(this.live, ({ totalMsat }) => totalMsat),
      feeChangePpm: 0,
      unresolved: found.flatMap(({ name, channel }) => (channel === undefined ? [name] : [])),
      ...more,
    };
  }
}

/** A sum over rows, in msat. */
export function sumOf<T>(rows: readonly T[], amount: (row: T) => bigint): Msat {
  return rows.reduce((sum, row) => sum + amount(row), 0n) as Msat;
}

/** Reads the node's channels. */
export async function loadChannels(rpc: RpcClient): Promise<ChannelView> {
  const { channels } = await rpc.call(listpeerchannels, {}, { timeoutMs: ASK_MS });
  return new ChannelView(channels);
}

/** Whether the wallet made this address; false where lightningd cannot tell. */
export async function isOwnAddress(rpc: RpcClient, address: string): Promise<boolean> {
  try {
    const { addresses } = await rpc.call(listaddresses, { address }, { timeoutMs: ASK_MS });
    return addresses.some(({ bech32, p2tr }) => bech32 === address || p2tr === address);
  } catch (error) {
    // An older lightningd has no such command, or refuses an address that is not its own.
    if (error instanceof RpcError) {
      return false;
    }
    throw error;
  }
}
