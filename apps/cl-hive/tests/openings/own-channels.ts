import { RpcError } from '@cl-hive/cln-rpc';
import { CodedError, type NodeId } from '@cl-hive/core';
import type { Channels, OwnChannel } from '../../src/openings/channel-port.ts';

/** How the next splice or close goes. */
export type ChannelMood = 'well' | 'answer_lost' | 'refused' | 'lost';

/** The channels of one node, which can be spliced and closed. */
export class OwnChannels implements Channels {
  readonly calls: string[] = [];
  moods: ChannelMood[] = [];
  readonly #channels = new Map<string, OwnChannel>();

  add(channelId: string, peer: NodeId, capacitySat: bigint, state = 'CHANNELD_NORMAL'): void {
    this.#channels.set(channelId, { channelId, peer, capacitySat, state, fundings: ['first'] });
  }

  async find(name: string): Promise<OwnChannel | undefined> {
    return this.#channels.get(name);
  }

  async spliceIn(channel: string, sat: bigint): Promise<void> {
    this.#do(`in ${channel} ${sat}`, channel, (one) => splice(one, sat));
  }

  async spliceOut(channel: string, sat: bigint): Promise<void> {
    this.#do(`out ${channel} ${sat}`, channel, (one) => splice(one, -sat));
  }

  async closeAgreed(channel: string): Promise<void> {
    this.#do(`close ${channel}`, channel, (one) => ({ ...one, state: 'CHANNELD_SHUTTING_DOWN' }));
  }

  #do(call: string, channel: string, change: (one: OwnChannel) => OwnChannel): void {
    const mood = this.moods.shift() ?? 'well';
    this.calls.push(call);
    if (mood === 'refused') {
      throw new RpcError('splicein', 354, 'the peer does not splice');
    }
    const one = this.#channels.get(channel);
    if (one !== undefined && mood !== 'lost') {
      this.#channels.set(channel, change(one));
    }
    if (mood !== 'well') {
      throw new CodedError('rpc_timeout', 'no answer', { data: { sent: true } });
    }
  }
}

function splice(one: OwnChannel, sat: bigint): OwnChannel {
  return {
    ...one,
    state: 'CHANNELD_AWAITING_SPLICE',
    capacitySat: one.capacitySat + sat,
    fundings: [...one.fundings, 'second'],
  };
}
