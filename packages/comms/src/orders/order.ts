import {
  CodedError,
  isJsonObject,
  isNodeId,
  type JsonObject,
  type Msat,
  msat,
  type NodeId,
} from '@cl-hive/core';
import type { ManagementCommand } from '@cl-hive/protocol';
import { ORDER_DETAIL_MAX, ORDER_PEERS_MAX } from '../limits.ts';

/** How money leaves by order; the ledger, limits and receipts are the same for all. */
export const PAY_METHODS = ['bolt11', 'bolt12', 'l402', 'cashu'] as const;

/** One way to pay. */
export type PayMethod = (typeof PAY_METHODS)[number];

/** The schema of orders. It stands in no registry that advisors reach: only the plugin itself orders. */
export const ORDER_SCHEMA = 'hive:order/v1';

/** Whose orders they are, in nonces, intents, grants and the ledger; no advisor has this id. */
export const OPERATOR = 'operator';

/**
 * A payment as it will be carried out, nothing left open. `detail` is the method's own, frozen by its
 * quote; it goes into receipts, so that no secret (token, proof, preimage) may stand in it.
 */
export interface Order {
  readonly method: PayMethod;
  /** What it is for, such as `advisor`, `service`, `settlement`; limits may be set by purpose. */
  readonly purpose: string;
  /** Without fees. */
  readonly amountMsat: Msat;
  /** The highest fee on top. */
  readonly feeMsat: Msat;
  /** Who is paid, for people: a node id, a mint, a host. */
  readonly payee: string | undefined;
  /** What the payee's side knows it by: a payment hash, a quote's id. */
  readonly reference: string | undefined;
  /** Nodes that are touched: those the operator left alone are refused. */
  readonly peers: readonly NodeId[];
  readonly detail: JsonObject;
}

const PURPOSE = /^[a-z][a-z0-9_-]{0,31}$/;

/** Whether a text names a purpose: 1 to 32 of `a-z 0-9 _ -`, a letter first. */
export function isPurpose(text: string): boolean {
  return PURPOSE.test(text);
}

/** Who an order counts as when a payment had no effect: each purpose of the operator by itself. */
export function payerOf(principal: string, purpose: string): string {
  return principal === OPERATOR ? `${OPERATOR}/${purpose}` : principal;
}

/** An order as the command that is judged, stored and carried out. */
export function orderCommand(order: Order): ManagementCommand {
  const { method, purpose, amountMsat, feeMsat, payee, reference, peers, detail } = order;
  const params: JsonObject = {
    purpose,
    amount_msat: String(amountMsat),
    fee_msat: String(feeMsat),
    ...(payee === undefined ? {} : { payee }),
    ...(reference === undefined ? {} : { reference }),
    peers: [...peers],
    detail,
  };
  // Danger and tier are advisors' measures; orders are held by grants and caps.
  const danger = ORDER_DANGER;
  return { schema: ORDER_SCHEMA, action: method, params, tier: 'admin', danger, effect: 'spend' };
}

/** The danger that the receipts name, that of `hive:payment/v1 pay`. */
const ORDER_DANGER = 6;

/** The order of a command. Throws CodedError `order_invalid`. */
export function readOrder({ schema, action, params }: ManagementCommandLike): Order {
  const method = PAY_METHODS.find((one) => one === action);
  const { purpose, amount_msat: amount, fee_msat: fee, payee, reference, peers, detail } = params;
  const good =
    schema === ORDER_SCHEMA &&
    method !== undefined &&
    typeof purpose === 'string' &&
    isPurpose(purpose) &&
    isAmount(amount) &&
    isAmount(fee) &&
    (payee === undefined || typeof payee === 'string') &&
    (reference === undefined || typeof reference === 'string') &&
    Array.isArray(peers) &&
    peers.length <= ORDER_PEERS_MAX &&
    isJsonObject(detail);
  if (!good) {
    throw new CodedError('order_invalid', 'it is no order', { remedy: 'name method and amount' });
  }
  return {
    method,
    purpose,
    amountMsat: msat(BigInt(amount)),
    feeMsat: msat(BigInt(fee)),
    payee,
    reference,
    peers: (peers as readonly unknown[]).filter(isNodeId),
    detail,
  };
}

/** What {@link readOrder} reads. */
export type ManagementCommandLike = Pick<ManagementCommand, 'schema' | 'action' | 'params'>;

function isAmount(value: unknown): value is string {
  return typeof value === 'string' && /^(?:0|[1-9]\d{0,19})$/.test(value);
}

/** Whether a method's detail is small enough to be stored with the order. */
export function detailFits(detail: JsonObject): boolean {
  return JSON.stringify(detail).length <= ORDER_DETAIL_MAX;
}
