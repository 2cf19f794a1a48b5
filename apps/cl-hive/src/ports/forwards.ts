import { type ForwardEventNotification, listpeerchannels, type RpcClient } from '@cl-hive/cln-rpc';
import type { Clock, NodeId } from '@cl-hive/core';
import type { SettledForward } from '@cl-hive/hive';
import { CALL_MS, CHANNELS_AGAIN_MS } from '../limits.ts';

/** Tells settled forwards by the nodes they came from and went to. */
export class Forwards {
  readonly #rpc: Pick<RpcClient, 'call'>;
  readonly #clock: Clock;
  #peers: ReadonlyMap<string, NodeId> = new Map();
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(rpc: Pick<RpcClient, 'call'>, clock: Clock) {
    this.#rpc = rpc;
    this.#clock = clock;
  }

  /** A forward as members' records count it; undefined while it is not settled. */
  async settled(event: ForwardEventNotification): Promise<SettledForward | undefined> {
    const { status, in_channel: inChannel, out_channel: outChannel } = event;
    const { in_msat: inMsat, out_msat: outMsat } = event;
    if (status !== 'settled' || outMsat === undefined) {
      return undefined;
    }
    return {
      inPeer: await this.#peerOf(inChannel),
      outPeer: await this.#peerOf(outChannel),
      inMsat,
      outMsat,
    };
  }

  async #peerOf(channel: string | undefined): Promise<NodeId | undefined> {
    if (channel === undefined) {
      return undefined;
    }
    const now = this.#clock.monotonic();
    if (!this.#peers.has(channel) && now - this.#askedAt >= CHANNELS_AGAIN_MS) {
      this.#askedAt = now;
      const { channels } = await this.#rpc.call(listpeerchannels, {}, { timeoutMs: CALL_MS });
      this.#peers = new Map(
        channels.flatMap(({ short_channel_id: scid, peer_id: peer }) =>
          scid === undefined ? [] : [[scid, peer] as const],
        ),
      );
    }
    return this.#peers.get(channel);
  }
}
