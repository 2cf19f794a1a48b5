import type { Msat, NodeId } from '@cl-hive/core';
import type { Bolt11Invoice, Network } from './invoice.ts';

/** Why an invoice that was read is not paid (closed list). */
export type NotPayable =
  | 'wrong_network'
  | 'expired'
  | 'from_the_future'
  | 'amount_missing'
  | 'amount_differs'
  | 'wrong_payee'
  | 'own_invoice';

/** What the payer knows and wants, against which an invoice is judged. */
export interface PayableQuestion {
  readonly network: Network;
  readonly self: NodeId;
  /** Who is to be paid; undefined where anybody may be. */
  readonly payee: NodeId | undefined;
  /** Exactly what is to be paid; undefined: what the invoice asks. */
  readonly amountMsat: Msat | undefined;
  /** Seconds since 1970. */
  readonly now: number;
}

/** Clocks of payer and payee may differ by this much, in seconds. */
const SKEW_SECONDS = 300;
/** An invoice that ends sooner than this, in seconds, could end while it is being paid. */
const LEAST_LIFE_SECONDS = 10;

/** Seconds since 1970 at which the invoice ends. */
export function endsAt(invoice: Pick<Bolt11Invoice, 'timestamp' | 'expirySeconds'>): number {
  return invoice.timestamp + invoice.expirySeconds;
}

/**
 * The amount to pay, in msat, or why this invoice is not paid. An amount is never more than was asked for:
 * an invoice over one amount is paid with exactly that, or not at all.
 */
export function judgeInvoice(
  invoice: Bolt11Invoice,
  question: PayableQuestion,
):
  | { readonly ok: true; readonly amountMsat: Msat }
  | { readonly ok: false; readonly reason: NotPayable } {
  const reason = firstObjection(invoice, question);
  const amountMsat = invoice.amountMsat ?? question.amountMsat;
  if (reason !== undefined || amountMsat === undefined) {
    return { ok: false, reason: reason ?? 'amount_missing' };
  }
  return { ok: true, amountMsat };
}

function firstObjection(invoice: Bolt11Invoice, question: PayableQuestion): NotPayable | undefined {
  const network = question.network === 'testnet4' ? 'testnet' : question.network;
  if (invoice.network !== network) {
    return 'wrong_network';
  }
  if (invoice.payee === question.self) {
    return 'own_invoice';
  }
  if (question.payee !== undefined && invoice.payee !== question.payee) {
    return 'wrong_payee';
  }
  if (question.now + LEAST_LIFE_SECONDS > endsAt(invoice)) {
    return 'expired';
  }
  if (invoice.timestamp > question.now + SKEW_SECONDS) {
    return 'from_the_future';
  }
  if (
    invoice.amountMsat !== undefined &&
    question.amountMsat !== undefined &&
    invoice.amountMsat !== question.amountMsat
  ) {
    return 'amount_differs';
  }
  return undefined;
}
