import type { JsonObject } from '@cl-hive/core';
import { indices } from '../table.ts';
import type { Invoice } from './records.ts';

/** Whether an invoice is paid, can be paid, or cannot be any more. */
export function invoiceStatus(invoice: Invoice, nowSeconds: number): 'paid' | 'unpaid' | 'expired' {
  if (invoice.paid !== undefined) {
    return 'paid';
  }
  return nowSeconds >= invoice.expiresAt ? 'expired' : 'unpaid';
}

/** An invoice as the list and wait commands show it. */
export function renderInvoice(invoice: Invoice, nowSeconds: number): JsonObject {
  const { paid } = invoice;
  return {
    label: invoice.label,
    ...(invoice.bolt11 === undefined ? {} : { bolt11: invoice.bolt11 }),
    ...(invoice.bolt12 === undefined ? {} : { bolt12: invoice.bolt12 }),
    ...(invoice.offerId === undefined ? {} : { local_offer_id: invoice.offerId }),
    ...(invoice.payerNote === undefined ? {} : { invreq_payer_note: invoice.payerNote }),
    payment_hash: invoice.paymentHash,
    ...(invoice.amountMsat === undefined ? {} : { amount_msat: invoice.amountMsat }),
    status: invoiceStatus(invoice, nowSeconds),
    ...(paid === undefined
      ? {}
      : {
          pay_index: paid.index,
          amount_received_msat: paid.receivedMsat,
          paid_at: paid.at,
          payment_preimage: invoice.preimage,
        }),
    ...(invoice.description === undefined ? {} : { description: invoice.description }),
    expires_at: invoice.expiresAt,
    ...indices(invoice),
  };
}
