import { compareCodeUnits, type NodeId, type ShortChannelId } from '@cl-hive/core';
import { type Keeps, type Ledger, otherSide, type SideNumber, spendable } from './ledger.ts';
import type { Policy } from './policy.ts';

/** States of a channel, as lightningd names them. */
export type ChannelState =
  | 'CHANNELD_AWAITING_LOCKIN'
  | 'CHANNELD_NORMAL'
  | 'CHANNELD_AWAITING_SPLICE'
  | 'CHANNELD_SHUTTING_DOWN'
  | 'CLOSINGD_SIGEXCHANGE'
  | 'CLOSINGD_COMPLETE'
  | 'AWAITING_UNILATERAL'
  | 'FUNDING_SPEND_SEEN'
  | 'ONCHAIN'
  | 'CLOSED';

/** Who made a state change. */
export type Cause = 'unknown' | 'local' | 'user' | 'remote' | 'protocol' | 'onchain';

/** One step of a channel's life, as one side saw it. */
export interface StateChange {
  /** Unix milliseconds. */
  readonly at: number;
  readonly from: ChannelState;
  readonly to: ChannelState;
  readonly cause: Cause;
  readonly message: string;
}

/** What a side has sent or received: offered, and of it fulfilled. */
export interface Traffic {
  offered: number;
  offeredMsat: bigint;
  fulfilled: number;
  fulfilledMsat: bigint;
}

/** What one side of a channel knows and has set. */
export interface ChannelSide {
  readonly id: NodeId;
  /** Script that this side's part goes to at a close. */
  closeTo: string;
  /** Short channel id that this side gave the other for use before confirmation. */
  readonly alias: string;
  readonly reserveMsat: bigint;
  state: ChannelState;
  changes: StateChange[];
  status: string[];
  policy: Policy;
  /** The terms before the last change, good until `untilMs` (setchannel's `enforcedelay`). */
  former: { readonly policy: Policy; readonly untilMs: number } | undefined;
  ignoreFeeLimits: boolean;
  leastMsat: bigint;
  mostMsat: bigint;
  readonly sent: Traffic;
  readonly received: Traffic;
  /** Unix seconds of the last connection that lasted. */
  stableSince: number | undefined;
}

/** A funding output that waits to replace the present one. */
export interface Inflight {
  readonly txid: string;
  readonly outnum: number;
  readonly capacityMsat: bigint;
  readonly by: SideNumber;
  /** Added to the balance of the side that splices, negative for a splice-out. */
  readonly changeMsat: bigint;
}

/** How a channel ends. */
export interface Closing {
  readonly by: SideNumber;
  readonly kind: 'mutual' | 'unilateral';
  readonly txid: string;
  readonly feeSat: bigint;
}

/** A channel between two nodes, at least one of them run here. */
export interface Channel {
  readonly channelId: string;
  /** The opener first. */
  readonly sides: readonly [ChannelSide, ChannelSide];
  readonly isPrivate: boolean;
  readonly pushedMsat: bigint;
  readonly openedMsat: bigint;
  /** The funding transaction, as a PSBT in base64. */
  readonly fundingPsbt: string;
  /** Height at which the opening was agreed. */
  readonly openedAt: number;
  readonly minDepth: number;
  /** Satoshi per 1000 weight of the commitment transaction. */
  readonly feePerKw: number;
  fundingTxid: string;
  fundingOutnum: number;
  ledger: Ledger;
  scid: ShortChannelId | undefined;
  announced: boolean;
  inflight: Inflight | undefined;
  closing: Closing | undefined;
  /** Height at which the spend of the funding output was mined. */
  spentAt: number | undefined;
}

/** Keeps of an opener at 1250 sat/kw, as lightningd reckons them: room for one more HTLC at twice the rate. */
const FEE_BUFFER_SAT = 4_291n;
const FEE_BUFFER_PER_KW = 1_250n;

/** The side of a channel that is `id`'s. Throws RangeError for a stranger. */
export function sideOf(channel: Channel, id: string): SideNumber {
  const side = channel.sides.findIndex((candidate) => candidate.id === id);
  if (side !== 0 && side !== 1) {
    throw new RangeError(`${id} has no part in channel ${channel.channelId}`);
  }
  return side;
}

/** The node at the other end. */
export function peerOf(channel: Channel, id: string): NodeId {
  return channel.sides[otherSide(sideOf(channel, id))].id;
}

/** BOLT 7 direction of what a side sends. */
export function directionOf(channel: Channel, side: SideNumber): 0 | 1 {
  const own = channel.sides[side].id;
  return compareCodeUnits(own, channel.sides[otherSide(side)].id) < 0 ? 0 : 1;
}

/** What a side may not spend: reserve, fees, and what it is splicing out. */
export function keepsOf(channel: Channel, side: SideNumber): Keeps {
  const { inflight } = channel;
  const leaving =
    inflight !== undefined && inflight.by === side && inflight.changeMsat < 0n
      ? -inflight.changeMsat
      : 0n;
  return {
    reserveMsat: channel.sides[side].reserveMsat + leaving,
    feeBufferMsat: (FEE_BUFFER_SAT * 1000n * BigInt(channel.feePerKw)) / FEE_BUFFER_PER_KW,
  };
}

/** What a side can send through the channel now, largest HTLC of the receiver's terms aside. */
export function spendableBy(channel: Channel, side: SideNumber): bigint {
  return spendable(channel.ledger, side, keepsOf(channel, side));
}

/** Whether the channel can carry payments, connection aside. */
export function isUsable(channel: Channel): boolean {
  return channel.sides.every(
    ({ state }) => state === 'CHANNELD_NORMAL' || state === 'CHANNELD_AWAITING_SPLICE',
  );
}

/** Whether the channel is still in `listpeerchannels`. */
export function isOpen(channel: Channel): boolean {
  return channel.sides.some(({ state }) => state !== 'CLOSED');
}
