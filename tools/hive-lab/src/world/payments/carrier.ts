import { bytesToHex, type JsonObject } from '@cl-hive/core';
import { type Channel, isUsable, keepsOf, sideOf, spendableBy } from '../channel.ts';
import type { ChannelLife } from '../channel-life.ts';
import type { ChannelRegistry } from '../channel-registry.ts';
import type { LabNode } from '../lab-node.ts';
import { addHtlc, endHtlc, type Htlc, otherSide, type SideNumber } from '../ledger.ts';
import type { WorldState } from '../state.ts';
import type { Treasury } from '../treasury.ts';
import type { Waits } from '../waits.ts';
import { countTraffic, noteExtremes } from './channel-counters.ts';
import { ForwardLog } from './forward-log.ts';
import { type CarryFailure, failureFromHex, type OnionFailure } from './onion-failure.ts';
import type { PublicLiquidity } from './public-liquidity.ts';
import type { Forward, HtlcRecord } from './records.ts';
import { edgeKey, type Hop } from './routing.ts';
import { termsFault } from './terms.ts';

/** A hop that holds its amount until the end of the payment is known. */
interface HeldHop {
  readonly hop: Hop;
  readonly lab:
    | {
        readonly channel: Channel;
        readonly side: SideNumber;
        readonly htlc: Htlc;
        readonly records: readonly (readonly [LabNode, HtlcRecord])[];
      }
    | undefined;
  readonly half: number | undefined;
  /** The forward at this hop's start, where a lab node made one. */
  readonly forward: readonly [LabNode, Forward] | undefined;
}

/** One part of a payment, locked in on all its hops. */
export interface Held {
  readonly hops: HeldHop[];
  readonly paymentHash: string;
  /** Set when a hook of the destination resolved it by itself. */
  preimage: string | undefined;
  ended: boolean;
}

/** What the destination learns of a payment. */
export interface PartDetails {
  readonly paymentHash: string;
  readonly totalMsat: bigint;
  readonly paymentSecret: string | undefined;
}

/** Carries payments over channels, hop by hop, with the hooks and notifications of each lab node. */
export class Carrier {
  readonly #state: WorldState;
  readonly #channels: ChannelRegistry;
  readonly #life: ChannelLife;
  readonly #treasury: Treasury;
  readonly #liquidity: PublicLiquidity | undefined;
  readonly #waits: Waits;
  readonly #log: ForwardLog;
  readonly #active = new Set<Held>();

  constructor(
    state: WorldState,
    channels: ChannelRegistry,
    life: ChannelLife,
    treasury: Treasury,
    liquidity: PublicLiquidity | undefined,
    waits: Waits,
  ) {
    this.#state = state;
    this.#channels = channels;
    this.#life = life;
    this.#treasury = treasury;
    this.#liquidity = liquidity;
    this.#waits = waits;
    this.#log = new ForwardLog(state.clock);
  }

  /** Locks a part in on every hop, or on none. */
  async carry(hops: readonly Hop[], details: PartDetails): Promise<Held | CarryFailure> {
    const held: Held = {
      hops: [],
      paymentHash: details.paymentHash,
      preimage: undefined,
      ended: false,
    };
    this.#active.add(held);
    for (const [index, hop] of hops.entries()) {
      const failure = await this.#step(held, hop, hops[index + 1], details);
      if (failure !== undefined) {
        this.fail(held, failure.failure);
        return failure;
      }
      if (held.preimage !== undefined) {
        return held;
      }
    }
    return held.ended
      ? { failure: 'temporary_channel_failure', node: '', edge: undefined, forAmount: false }
      : held;
  }

  /** Adds one hop's HTLC, then lets the node at its end look at it and prepare to forward. */
  async #step(
    held: Held,
    hop: Hop,
    next: Hop | undefined,
    details: PartDetails,
  ): Promise<CarryFailure | undefined> {
    const previous = held.hops.at(-1);
    const refused = this.#add(held, hop, previous);
    if (refused !== undefined) {
      return refused;
    }
    const added = held.hops.at(-1);
    const node = this.#state.nodes.get(hop.edge.to);
    if (node === undefined || added?.lab === undefined) {
      return undefined;
    }
    const at = { node: node.id, edge: next === undefined ? undefined : edgeKey(next.edge) };
    const reply = await node.hook(
      'htlc_accepted',
      this.#hookPayload(hop, next, added.lab.htlc, details),
    );
    if (held.ended) {
      return { ...at, failure: 'temporary_channel_failure', forAmount: false };
    }
    if (reply['result'] === 'fail') {
      return { ...at, failure: failureFromHex(reply['failure_message']), forAmount: false };
    }
    if (reply['result'] === 'resolve' && typeof reply['payment_key'] === 'string') {
      held.preimage = reply['payment_key'];
    }
    return undefined;
  }

  #add(held: Held, hop: Hop, previous: HeldHop | undefined): CarryFailure | undefined {
    const node = this.#state.nodes.get(hop.edge.from);
    const forward =
      node === undefined || previous?.lab === undefined
        ? undefined
        : this.#log.offer(node, previous.hop, previous.lab.htlc, hop, held.paymentHash);
    const fail = (failure: OnionFailure, forAmount: boolean): CarryFailure => {
      if (forward !== undefined && node !== undefined) {
        this.#log.end(node, forward, 'local_failed', failure);
      }
      return { failure, forAmount, node: hop.edge.from, edge: edgeKey(hop.edge) };
    };
    if (hop.edge.misled !== undefined) {
      return fail(hop.edge.misled, false);
    }
    const channel = this.#channels.byScid(hop.edge.scid);
    if (channel === undefined) {
      return this.#addPublic(held, hop, fail);
    }
    const side = sideOf(channel, hop.edge.from);
    if (!isUsable(channel) || !this.#life.connected(channel)) {
      return fail('temporary_channel_failure', false);
    }
    const { policy, former } = channel.sides[side];
    const inForce =
      former !== undefined && this.#state.clock.now() < former.untilMs
        ? [policy, former.policy]
        : [policy];
    const terms = previous === undefined ? undefined : termsFault(inForce, hop);
    if (terms !== undefined) {
      return fail(terms, true);
    }
    const added =
      hop.amountOutMsat > spendableBy(channel, side)
        ? undefined
        : addHtlc(
            channel.ledger,
            side,
            {
              amountMsat: hop.amountOutMsat,
              paymentHash: held.paymentHash,
              expiry: this.#state.chain.height + hop.cltvOut,
            },
            keepsOf(channel, side),
          );
    if (added?.ok !== true) {
      return fail('temporary_channel_failure', true);
    }
    channel.ledger = added.value.ledger;
    const { htlc } = added.value;
    countTraffic(channel, side, htlc.amountMsat, 'offered');
    if (forward !== undefined) {
      forward.outHtlcId = htlc.id;
    }
    held.hops.push({
      hop,
      lab: { channel, side, htlc, records: this.#record(channel, side, htlc, hop.edge.scid) },
      half: undefined,
      forward: forward === undefined || node === undefined ? undefined : [node, forward],
    });
    return undefined;
  }

  #addPublic(
    held: Held,
    hop: Hop,
    fail: (failure: OnionFailure, forAmount: boolean) => CarryFailure,
  ): CarryFailure | undefined {
    const index = this.#state.gossip.index;
    const channel = index?.channelOf(hop.edge.scid);
    if (channel === undefined || this.#liquidity === undefined) {
      return fail('unknown_next_peer', false);
    }
    const terms = held.hops.length === 0 ? undefined : termsFault([hop.edge.policy], hop);
    if (terms !== undefined) {
      return fail(terms, true);
    }
    const half = channel * 2 + hop.edge.direction;
    if (
      index?.network.disabled[half] === 1 ||
      this.#liquidity.available(half) < hop.amountOutMsat
    ) {
      return fail('temporary_channel_failure', true);
    }
    this.#liquidity.move(half, hop.amountOutMsat);
    held.hops.push({ hop, lab: undefined, half, forward: undefined });
    return undefined;
  }

  #record(
    channel: Channel,
    side: SideNumber,
    htlc: Htlc,
    scid: string,
  ): (readonly [LabNode, HtlcRecord])[] {
    return ([side, otherSide(side)] as const).flatMap((end) => {
      const node = this.#state.nodes.get(channel.sides[end].id);
      if (node === undefined) {
        return [];
      }
      const record = node.htlcs.add((row) => ({
        ...row,
        scid,
        id: htlc.id,
        expiry: htlc.expiry,
        amountMsat: htlc.amountMsat,
        direction: end === side ? 'out' : 'in',
        paymentHash: htlc.paymentHash,
        ended: false,
      }));
      return [[node, record] as const];
    });
  }

  #hookPayload(hop: Hop, next: Hop | undefined, htlc: Htlc, details: PartDetails): JsonObject {
    const secret = bytesToHex(this.#state.draws.next('shared_secret'));
    const last = next === undefined;
    return {
      peer_id: hop.edge.from,
      onion: {
        payload: '',
        type: 'tlv',
        ...(last ? {} : { short_channel_id: next.edge.scid }),
        forward_msat: last ? htlc.amountMsat : next.amountOutMsat,
        outgoing_cltv_value: this.#state.chain.height + (last ? hop.cltvOut : next.cltvOut),
        ...(last ? { total_msat: details.totalMsat } : {}),
        ...(last && details.paymentSecret !== undefined
          ? { payment_secret: details.paymentSecret }
          : {}),
        next_onion: '',
        shared_secret: secret,
      },
      htlc: {
        short_channel_id: hop.edge.scid,
        id: htlc.id,
        amount_msat: htlc.amountMsat,
        cltv_expiry: htlc.expiry,
        cltv_expiry_relative: htlc.expiry - this.#state.chain.height,
        payment_hash: details.paymentHash,
      },
    };
  }

  /** Pays out a part from its end to its start. False when it was failed before. */
  settle(held: Held, preimage: string): boolean {
    if (held.ended) {
      return false;
    }
    for (const entry of [...held.hops].reverse()) {
      if (entry.lab !== undefined) {
        this.#endLab(entry.lab, true);
      }
      if (entry.forward !== undefined) {
        const [node, forward] = entry.forward;
        this.#log.end(node, forward, 'settled', undefined, preimage);
        node.feesCollectedMsat += forward.inMsat - forward.outMsat;
        this.#bookForward(node, forward);
      }
    }
    this.#finish(held);
    return true;
  }

  #bookForward(node: LabNode, forward: Forward): void {
    const fees = forward.inMsat - forward.outMsat;
    for (const [scid, credit, debit] of [
      [forward.inChannel, forward.inMsat, 0n],
      [forward.outChannel, 0n, forward.outMsat],
    ] as const) {
      const account = this.#channels.byScid(scid)?.channelId;
      if (account !== undefined) {
        const { paymentHash } = forward;
        this.#treasury.bookChannel(node, {
          account,
          credit,
          debit,
          tag: 'routed',
          fees,
          paymentHash,
        });
      }
    }
  }

  /** Gives everything back. Does nothing to a part that is over. */
  fail(held: Held, failure: OnionFailure): void {
    if (held.ended) {
      return;
    }
    for (const entry of [...held.hops].reverse()) {
      if (entry.lab !== undefined) {
        this.#endLab(entry.lab, false);
      }
      if (entry.half !== undefined) {
        this.#liquidity?.move(entry.half, -entry.hop.amountOutMsat);
      }
      if (entry.forward !== undefined) {
        this.#log.end(entry.forward[0], entry.forward[1], 'failed', failure);
      }
    }
    this.#finish(held);
  }

  /** Fails all that is under way through a channel that is forced on the chain. */
  failThrough(channel: Channel): void {
    for (const held of this.#active) {
      if (held.hops.some((entry) => entry.lab?.channel === channel)) {
        this.fail(held, 'temporary_channel_failure');
      }
    }
  }

  #endLab(lab: NonNullable<HeldHop['lab']>, fulfilled: boolean): void {
    const { channel, side, htlc } = lab;
    channel.ledger = endHtlc(channel.ledger, side, htlc.id, fulfilled);
    if (fulfilled) {
      countTraffic(channel, side, htlc.amountMsat, 'fulfilled');
      noteExtremes(channel);
    }
    for (const [node, record] of lab.records) {
      record.ended = true;
      node.htlcs.touch(record);
    }
  }

  #finish(held: Held): void {
    held.ended = true;
    this.#active.delete(held);
    this.#waits.changed();
  }
}
