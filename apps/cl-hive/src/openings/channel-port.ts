import { close, listpeerchannels, type RpcClient, splicein, spliceout } from '@cl-hive/cln-rpc';
import type { NodeId } from '@cl-hive/core';
import { ASK_MS } from '@cl-hive/runtime/node';
import { CLOSE_MS, PEER_MS } from './limits.ts';

/** A channel of this node, as orders about it see it. */
export interface OwnChannel {
  readonly peer: NodeId;
  readonly channelId: string;
  readonly state: string;
  readonly capacitySat: bigint;
  /** Transactions that fund it: the present one, and those of splices under way. */
  readonly fundings: readonly string[];
}

/** What orders about channels ask of lightningd. Everything throws what the RPC client throws. */
export type Channels = Pick<ChannelPort, keyof ChannelPort>;

/** {@link Channels} over RPC. */
export class ChannelPort {
  readonly #rpc: RpcClient;

  constructor(rpc: RpcClient) {
    this.#rpc = rpc;
  }

  /** The channel of a channel id or short channel id; undefined when lightningd shows none. */
  async find(name: string): Promise<OwnChannel | undefined> {
    const { channels } = await this.#rpc.call(listpeerchannels, {}, { timeoutMs: ASK_MS });
    const row = channels.find(
      (one) => one.channel_id === name || (one.short_channel_id as string | undefined) === name,
    );
    if (row?.channel_id === undefined) {
      return undefined;
    }
    const splices = (row.inflight ?? []).map(({ funding_txid: txid }) => txid);
    return {
      peer: row.peer_id,
      channelId: row.channel_id,
      state: row.state,
      capacitySat: (row.total_msat ?? 0n) / 1000n,
      fundings: row.funding_txid === undefined ? splices : [row.funding_txid, ...splices],
    };
  }

  /** Moves coins of the wallet into a channel. */
  async spliceIn(channel: string, sat: bigint): Promise<void> {
    await this.#rpc.call(splicein, { channel, amount: String(sat) }, { timeoutMs: PEER_MS });
  }

  /** Moves coins of a channel into this node's own wallet, and nowhere else. */
  async spliceOut(channel: string, sat: bigint): Promise<void> {
    await this.#rpc.call(spliceout, { channel, amount: String(sat) }, { timeoutMs: PEER_MS });
  }

  /** Closes with the peer's consent, however long that takes: never by force. */
  async closeAgreed(channel: string): Promise<void> {
    const request = { id: channel, unilateraltimeout: 0 };
    await this.#rpc.call(close, request, { timeoutMs: CLOSE_MS });
  }
}
