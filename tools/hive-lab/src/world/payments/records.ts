import type { JsonObject } from '@cl-hive/core';
import type { Row } from '../table.ts';

/** An invoice of a node. */
export interface Invoice extends Row {
  readonly label: string;
  readonly description: string | undefined;
  readonly amountMsat: bigint | undefined;
  readonly paymentHash: string;
  readonly preimage: string;
  readonly paymentSecret: string;
  /** Unix seconds. */
  readonly expiresAt: number;
  readonly bolt11: string | undefined;
  readonly bolt12: string | undefined;
  readonly offerId: string | undefined;
  readonly payerNote: string | undefined;
  paid: { readonly index: number; readonly receivedMsat: bigint; readonly at: number } | undefined;
  /** Whether its expiry was noted as a change. */
  expired: boolean;
}

/** How `waitsendpay` and the notification name what went wrong. */
export interface SendPayFailure {
  readonly code: number;
  readonly message: string;
  /** Where on its way. */
  readonly place: JsonObject;
}

/** One part of a payment that a node sends. */
export interface SendPay extends Row {
  readonly groupId: bigint;
  readonly partId: number;
  readonly paymentHash: string;
  readonly destination: string;
  readonly amountMsat: bigint;
  /** Of all parts together. */
  readonly totalMsat: bigint;
  readonly sentMsat: bigint;
  readonly createdAt: number;
  readonly label: string | undefined;
  readonly invoice: string | undefined;
  readonly description: string | undefined;
  status: 'pending' | 'complete' | 'failed';
  completedAt: number | undefined;
  preimage: string | undefined;
  failure: SendPayFailure | undefined;
}

/** A payment that a node passed on, or did not. */
export interface Forward extends Row {
  readonly inChannel: string;
  readonly inHtlcId: number;
  readonly inMsat: bigint;
  readonly outChannel: string;
  readonly outMsat: bigint;
  readonly paymentHash: string;
  /** Seconds with fractions. */
  readonly receivedAt: number;
  outHtlcId: number | undefined;
  status: 'offered' | 'settled' | 'failed' | 'local_failed';
  resolvedAt: number | undefined;
  failCode: number | undefined;
  failReason: string | undefined;
}

/** An HTLC as one node saw it. */
export interface HtlcRecord extends Row {
  readonly scid: string;
  readonly id: number;
  readonly expiry: number;
  readonly amountMsat: bigint;
  readonly direction: 'in' | 'out';
  readonly paymentHash: string;
  ended: boolean;
}

/** An offer of a node. */
export interface Offer {
  readonly offerId: string;
  readonly bolt12: string;
  readonly singleUse: boolean;
  readonly label: string | undefined;
  readonly description: string | undefined;
  readonly amountMsat: bigint | undefined;
  readonly absoluteExpiry: number | undefined;
  readonly quantityMax: bigint | undefined;
  active: boolean;
  used: boolean;
}
