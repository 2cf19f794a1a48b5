import type { NodeId, ShortChannelId } from '@cl-hive/core';
import type { Block } from './chain/chain.ts';
import {
  type Cause,
  type Channel,
  type ChannelSide,
  type ChannelState,
  directionOf,
  isOpen,
} from './channel.ts';
import type { ChannelRegistry } from './channel-registry.ts';
import type { Connections } from './connections.ts';
import type { EmergencyFiles } from './emergency-files.ts';
import { directionOrder, type GossipUpdate } from './gossip.ts';
import { resize, type SideNumber } from './ledger.ts';
import { NODE_FEATURES } from './network/render.ts';
import { makeChannel, type Opening } from './opening.ts';
import type { WorldState } from './state.ts';
import type { Treasury } from './treasury.ts';

/** Confirmations after which a channel is announced (BOLT 7). */
const ANNOUNCE_DEPTH = 6;

/** Blocks after which gossip forgets a channel whose funding output was spent. */
const GOSSIP_MEMORY = 12;

/** Blocks after which lightningd forgets a closed channel. */
const CHANNEL_MEMORY = 100;

/** The state changes of all channels, from funding to oblivion. */
export class ChannelLife {
  readonly #state: WorldState;
  readonly #channels: ChannelRegistry;
  readonly #connections: Connections;
  readonly #treasury: Treasury;
  readonly #emergency: EmergencyFiles;

  constructor(
    state: WorldState,
    channels: ChannelRegistry,
    connections: Connections,
    treasury: Treasury,
    emergency: EmergencyFiles,
  ) {
    this.#state = state;
    this.#channels = channels;
    this.#connections = connections;
    this.#treasury = treasury;
    this.#emergency = emergency;
    state.chain.onBlock((block) => this.#mined(block));
  }

  /** Whether the two ends of a channel can talk. */
  connected(channel: Channel): boolean {
    const [a, b] = channel.sides;
    const node = this.#state.nodes.get(a.id) ?? this.#state.nodes.get(b.id);
    return node !== undefined && this.#connections.connected(node, node.id === a.id ? b.id : a.id);
  }

  /** Begins a channel whose funding transaction is on its way. */
  open(opening: Opening): Channel {
    const { transaction } = opening;
    const channel = makeChannel(opening, this.#state.chain.height, (id) =>
      this.#state.draws.next(`alias/${id}`),
    );
    this.#channels.add(channel);
    for (const side of channel.sides) {
      this.#tellChange(channel, side, undefined, 'user', 'new channel opened');
    }
    this.#state.nodes.get(opening.accepter)?.notify('channel_opened', {
      id: opening.opener,
      funding_msat: channel.openedMsat,
      funding_txid: transaction.txid,
      channel_ready: false,
    });
    return channel;
  }

  /** Moves both sides of a channel to a state, and says so to their plugins. */
  move(channel: Channel, to: ChannelState, cause: Cause, message: string, status?: string): void {
    for (const side of channel.sides) {
      const from = side.state;
      if (from === to) {
        continue;
      }
      side.state = to;
      side.changes.push({ at: this.#state.clock.now(), from, to, cause, message });
      if (status !== undefined) {
        side.status = status.startsWith('+') ? [...side.status, status.slice(1)] : [status];
      }
      this.#tellChange(channel, side, from, cause, message);
    }
  }

  #tellChange(
    channel: Channel,
    side: ChannelSide,
    from: ChannelState | undefined,
    cause: Cause,
    message: string,
  ): void {
    const peer = channel.sides.find((other) => other !== side);
    const node = this.#state.nodes.get(side.id);
    if (node?.shell !== undefined) {
      this.#emergency.update(node);
    }
    node?.notify('channel_state_changed', {
      peer_id: peer?.id ?? side.id,
      channel_id: channel.channelId,
      ...(channel.scid === undefined ? {} : { short_channel_id: channel.scid }),
      timestamp: new Date(this.#state.clock.now()).toISOString(),
      ...(from === undefined ? {} : { old_state: from }),
      new_state: side.state,
      cause,
      message,
    });
  }

  /** Looks again at the channels of two nodes that met: what waited for that goes on. */
  met(a: NodeId, b: NodeId): void {
    for (const channel of this.#channels.openBetween(a, b)) {
      for (const side of channel.sides) {
        side.stableSince = this.#state.now();
      }
      this.#progress(channel);
    }
  }

  #mined(block: Block): void {
    for (const channel of this.#channels.all) {
      if (isOpen(channel)) {
        this.#watchSpend(channel, block);
        this.#progress(channel);
        this.#forget(channel);
      }
    }
  }

  /** Locks in, announces and splices as far as depth and connection allow. */
  #progress(channel: Channel): void {
    const confirmation = this.#state.chain.confirmation(channel.fundingTxid);
    const depth =
      confirmation === undefined ? 0 : this.#state.chain.height - confirmation.height + 1;
    if (channel.spentAt !== undefined || confirmation === undefined || !this.connected(channel)) {
      return;
    }
    const [{ state }] = channel.sides;
    if (state === 'CHANNELD_AWAITING_LOCKIN' && depth >= channel.minDepth) {
      this.#place(channel, confirmation);
      const status = 'CHANNELD_NORMAL:Channel ready for use.';
      this.#bookOpening(channel);
      for (const side of channel.sides) {
        side.stableSince ??= this.#state.now();
      }
      this.move(channel, 'CHANNELD_NORMAL', 'user', 'Lockin complete', status);
    }
    if (
      !channel.announced &&
      !channel.isPrivate &&
      depth >= ANNOUNCE_DEPTH &&
      channel.scid !== undefined
    ) {
      channel.announced = true;
      this.publish(channel);
    }
    this.#lockSplice(channel);
  }

  #place(channel: Channel, { height, index }: { height: number; index: number }): void {
    channel.scid = `${height}x${index}x${channel.fundingOutnum}` as ShortChannelId;
    this.#channels.indexScid(channel);
  }

  #bookOpening(channel: Channel): void {
    channel.sides.forEach((side, number) => {
      const node = this.#state.nodes.get(side.id);
      const peerId = channel.sides[number === 0 ? 1 : 0].id;
      if (node === undefined) {
        return;
      }
      this.#treasury.bookChain(node, {
        account: channel.channelId,
        credit: number === 0 ? channel.openedMsat : 0n,
        debit: 0n,
        tag: 'channel_open',
        extraTags: number === 0 ? ['opener'] : [],
        utxo: `${channel.fundingTxid}:${channel.fundingOutnum}`,
        peerId,
        outputMsat: channel.openedMsat,
      });
      if (channel.pushedMsat > 0n) {
        this.#treasury.bookChannel(node, {
          account: channel.channelId,
          credit: number === 0 ? 0n : channel.pushedMsat,
          debit: number === 0 ? channel.pushedMsat : 0n,
          tag: 'pushed',
          fees: 0n,
        });
      }
    });
  }

  /** Tells gossip of an announced channel and both its policies. */
  publish(channel: Channel): void {
    if (!channel.announced || channel.scid === undefined || channel.spentAt !== undefined) {
      return;
    }
    const [first, second] = channel.sides;
    const updates: [GossipUpdate | undefined, GossipUpdate | undefined] = [undefined, undefined];
    channel.sides.forEach((side, number) => {
      updates[directionOf(channel, number as SideNumber)] = {
        policy: side.policy,
        timestamp: this.#state.now(),
        disabled: false,
      };
      const node = this.#state.nodes.get(side.id);
      if (node !== undefined && this.#state.gossip.node(node.id) === undefined) {
        const { id } = node;
        const timestamp = this.#state.now();
        this.#state.gossip.setNode({
          id,
          alias: node.spec.alias,
          timestamp,
          features: NODE_FEATURES,
        });
      }
    });
    this.#state.gossip.setChannel({
      scid: channel.scid,
      ids: directionOrder(first.id, second.id),
      capacityMsat: channel.ledger.capacityMsat,
      updates,
    });
  }

  #lockSplice(channel: Channel): void {
    const { inflight } = channel;
    const confirmation =
      inflight === undefined ? undefined : this.#state.chain.confirmation(inflight.txid);
    if (inflight === undefined || confirmation === undefined) {
      return;
    }
    const formerScid = channel.scid;
    const spent = `${channel.fundingTxid}:${channel.fundingOutnum}`;
    channel.inflight = undefined;
    channel.fundingTxid = inflight.txid;
    channel.fundingOutnum = inflight.outnum;
    channel.ledger = resize(channel.ledger, inflight.by, inflight.changeMsat);
    this.#place(channel, confirmation);
    this.#bookSplice(channel, spent, inflight.by, inflight.changeMsat);
    this.move(
      channel,
      'CHANNELD_NORMAL',
      'user',
      'Splice complete',
      'CHANNELD_NORMAL:Channel ready for use.',
    );
    if (formerScid !== undefined && channel.announced) {
      this.#state.gossip.removeChannel(formerScid);
      this.publish(channel);
    }
  }

  #bookSplice(channel: Channel, spent: string, by: SideNumber, changeMsat: bigint): void {
    const node = this.#state.nodes.get(channel.sides[by].id);
    if (node !== undefined) {
      this.#treasury.bookChain(node, {
        account: channel.channelId,
        credit: changeMsat > 0n ? changeMsat : 0n,
        debit: changeMsat < 0n ? -changeMsat : 0n,
        tag: changeMsat > 0n ? 'channel_open' : 'channel_close',
        extraTags: ['splice'],
        utxo: changeMsat > 0n ? `${channel.fundingTxid}:${channel.fundingOutnum}` : spent,
        outputMsat: channel.ledger.capacityMsat,
        ...(changeMsat > 0n ? {} : { spendingTxid: channel.fundingTxid, outputCount: 1 }),
      });
    }
  }

  #watchSpend(channel: Channel, block: Block): void {
    const { closing } = channel;
    const mined =
      closing !== undefined && block.transactions.some(({ txid }) => txid === closing.txid);
    if (closing === undefined || !mined) {
      return;
    }
    const funded = this.#state.chain.confirmation(channel.fundingTxid);
    if (channel.scid === undefined && funded !== undefined) {
      // It was closed before it was ever locked in.
      this.#place(channel, funded);
      this.#bookOpening(channel);
    }
    channel.spentAt = block.height;
    channel.sides.forEach((side, number) => {
      const node = this.#state.nodes.get(side.id);
      const left = channel.ledger.balances[number === 0 ? 0 : 1];
      if (node !== undefined) {
        this.#treasury.bookChain(node, {
          account: channel.channelId,
          credit: 0n,
          debit: left,
          tag: 'channel_close',
          extraTags: [],
          utxo: `${channel.fundingTxid}:${channel.fundingOutnum}`,
          spendingTxid: closing.txid,
          outputMsat: channel.ledger.capacityMsat,
          outputCount: channel.ledger.balances.filter((balance) => balance > 0n).length,
        });
      }
    });
    this.move(channel, 'FUNDING_SPEND_SEEN', 'user', 'Onchain funding spend');
    const kind = closing.kind === 'mutual' ? 'mutual close' : 'our unilateral close';
    const status = `+ONCHAIN:Tracking ${kind} transaction`;
    this.move(channel, 'ONCHAIN', 'user', 'Onchain init reply', status);
  }

  #forget(channel: Channel): void {
    const { spentAt, scid } = channel;
    if (spentAt === undefined) {
      return;
    }
    const age = this.#state.chain.height - spentAt;
    if (scid !== undefined && age >= GOSSIP_MEMORY) {
      this.#state.gossip.removeChannel(scid);
    }
    if (age >= CHANNEL_MEMORY) {
      this.move(channel, 'CLOSED', 'user', 'Onchain output fully resolved');
    }
  }
}
