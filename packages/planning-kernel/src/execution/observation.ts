import { compareCodeUnits } from '@cl-hive/core';
import type { OrderSide } from '../intents/order-intent.ts';

/** A channel as `listpeerchannels` shows it to one member. */
export interface ObservedChannel {
  readonly channelId: string;
  readonly peer: string;
  /** lightningd's state. */
  readonly state: string;
  readonly totalSat: number;
  readonly fundingTxid: string;
  readonly opener: 'local' | 'remote';
}

/**
 * Something that was seen. `at` is the member's own count of what it saw (a generation that only
 * grows), never the wall clock, which may step back.
 */
export type Observation =
  /** Handed out to be carried out; from here on its outcome is unknown until something says otherwise. */
  | {
      readonly kind: 'submitted';
      readonly clientOrderId: string;
      readonly order: OrderFacts;
      readonly at: number;
    }
  /** The RPC answered: the transaction, and the channel where the answer names it. */
  | {
      readonly kind: 'done';
      readonly clientOrderId: string;
      readonly txid: string | null;
      readonly channelId: string | null;
    }
  /** The RPC refused before anything was sent. */
  | { readonly kind: 'failed'; readonly clientOrderId: string; readonly error: string }
  /** Taken back before it was handed out. */
  | { readonly kind: 'cancelled'; readonly clientOrderId: string }
  /** All of a member's channels at once (`listpeerchannels`); what is absent is gone. */
  | {
      readonly kind: 'channels';
      readonly member: string;
      readonly at: number;
      readonly channels: readonly ObservedChannel[];
    }
  /** A member's confirmed on-chain funds (`listfunds`). */
  | {
      readonly kind: 'funds';
      readonly member: string;
      readonly at: number;
      readonly confirmedSat: number;
    }
  /** One channel changed (`channel_opened`, `channel_state_changed`), told late or early. */
  | {
      readonly kind: 'channel';
      readonly member: string;
      readonly at: number;
      readonly channel: ObservedChannel;
    };

/** What must be known of an order to find its effect. */
export interface OrderFacts {
  readonly member: string;
  readonly target: string;
  readonly side: OrderSide;
  readonly quantitySat: number;
  readonly channelId: string | null;
}

/**
 * How far along a channel's life a state is. A later place beats an earlier one whatever the time
 * says; within one place the later observation counts. Unknown states are taken for usable ones.
 */
export function lifePlace(state: string): number {
  const place = LIFE.findIndex((states) => states.includes(state));
  return place === -1 ? USABLE : place;
}

const USABLE = 2;

const LIFE: readonly (readonly string[])[] = [
  ['OPENINGD', 'DUALOPEND_OPEN_INIT', 'DUALOPEND_OPEN_COMMIT_READY', 'DUALOPEND_OPEN_COMMITTED'],
  ['CHANNELD_AWAITING_LOCKIN', 'DUALOPEND_AWAITING_LOCKIN'],
  ['CHANNELD_NORMAL', 'CHANNELD_AWAITING_SPLICE'],
  ['CHANNELD_SHUTTING_DOWN'],
  ['CLOSINGD_SIGEXCHANGE'],
  ['CLOSINGD_COMPLETE'],
  ['AWAITING_UNILATERAL'],
  ['FUNDING_SPEND_SEEN'],
  ['ONCHAIN'],
  ['CLOSED'],
];

/** Whether a channel's life is ending or over. */
export function isEnding(state: string): boolean {
  return lifePlace(state) > USABLE;
}

/** Orders two observations of one channel; the greater one is believed. */
export function compareObserved(
  a: { readonly at: number; readonly channel: ObservedChannel },
  b: { readonly at: number; readonly channel: ObservedChannel },
): number {
  return (
    lifePlace(a.channel.state) - lifePlace(b.channel.state) ||
    a.at - b.at ||
    compareCodeUnits(textOf(a.channel), textOf(b.channel))
  );
}

function textOf(c: ObservedChannel): string {
  return [c.state, c.totalSat, c.fundingTxid, c.opener, c.peer, c.channelId].join(' ');
}
