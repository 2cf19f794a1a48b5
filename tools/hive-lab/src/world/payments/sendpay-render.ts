import type { JsonObject } from '@cl-hive/core';
import { indices } from '../table.ts';
import type { SendPay } from './records.ts';

/** The member that holds an invoice, by its kind. */
export function invoiceMember(invoice: string | undefined): JsonObject {
  if (invoice === undefined) {
    return {};
  }
  return invoice.startsWith('lni') ? { bolt12: invoice } : { bolt11: invoice };
}

/** A part as `listsendpays` and the sendpay notifications show it. */
export function renderSendPay(row: SendPay): JsonObject {
  return {
    ...indices(row),
    id: row.createdIndex,
    payment_hash: row.paymentHash,
    groupid: row.groupId,
    ...(row.partId === 0 ? {} : { partid: row.partId }),
    destination: row.destination,
    amount_msat: row.amountMsat,
    amount_sent_msat: row.sentMsat,
    created_at: row.createdAt,
    ...(row.completedAt === undefined ? {} : { completed_at: row.completedAt }),
    status: row.status,
    ...(row.preimage === undefined ? {} : { payment_preimage: row.preimage }),
    ...(row.label === undefined ? {} : { label: row.label }),
    ...(row.description === undefined ? {} : { description: row.description }),
    ...invoiceMember(row.invoice),
  };
}
