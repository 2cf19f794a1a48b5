import type { NodeId } from '@cl-hive/core';
import type { ReasonCode } from '../reasons.ts';

/** What an order does. `lease_buy` pays for inbound liquidity, `lease_sell` offers one's own. */
export type OrderSide = 'open' | 'splice_in' | 'splice_out' | 'close' | 'lease_buy' | 'lease_sell';

/** `limit` names the worst acceptable price, `market` takes what there is. */
export type OrderType = 'limit' | 'market';

export const ORDER_SIDES: readonly OrderSide[] = [
  'open',
  'splice_in',
  'splice_out',
  'close',
  'lease_buy',
  'lease_sell',
];

export const ORDER_TYPES: readonly OrderType[] = ['limit', 'market'];

/** Sides that act on a channel that exists. */
export const CHANNEL_SIDES: readonly OrderSide[] = ['splice_in', 'splice_out', 'close'];

/** Sides that put a member's own on-chain funds into a channel. */
export const FUNDING_SIDES: readonly OrderSide[] = ['open', 'splice_in'];

/** What a strategy proposes, before anything is checked: any member may be of any type. */
export interface RawIntent {
  readonly member?: unknown;
  readonly target?: unknown;
  readonly side?: unknown;
  readonly type?: unknown;
  /** Sat. */
  readonly quantitySat?: unknown;
  /** Ppm of the quantity: on-chain costs of an opening, splice or close, the fee of a lease. */
  readonly pricePpm?: unknown;
  /** The least amount worth carrying out, sat. */
  readonly minSat?: unknown;
  /** The amount is a whole multiple of this, sat. */
  readonly stepSat?: unknown;
  /** Of the channel concerned, 64 hexadecimal digits; for splices and closes. */
  readonly channelId?: unknown;
  readonly strategy: string;
  readonly rationale: string;
}

/** A checked intent; every member may be relied upon. */
export interface OrderIntent {
  readonly member: NodeId;
  readonly target: NodeId;
  readonly side: OrderSide;
  readonly type: OrderType;
  readonly quantitySat: number;
  /** null for market orders. */
  readonly pricePpm: number | null;
  readonly minSat: number;
  readonly stepSat: number;
  readonly channelId: string | null;
  readonly strategy: string;
  readonly rationale: string;
}

/** Fields of an intent that can be invalid. */
export type IntentField = Exclude<keyof RawIntent, 'strategy' | 'rationale'>;

/** An order of a plan: to be carried out, or not, and then why. Orders keep the plan's sequence. */
export type PlannedOrder =
  | ({ readonly status: 'executable'; readonly clientOrderId: string } & OrderIntent)
  | {
      readonly status: 'skipped';
      readonly reason: ReasonCode;
      /** The fields that are invalid, where that is the reason. */
      readonly fields: readonly IntentField[];
      readonly clientOrderId: string;
      readonly intent: Partial<OrderIntent> & {
        readonly strategy: string;
        readonly rationale: string;
      };
    };

/** An order that is to be carried out. */
export type ExecutableOrder = Extract<PlannedOrder, { status: 'executable' }>;
