import { describeError } from '@cl-hive/core';
import { decode } from 'bolt11';
import type { InvoiceFields } from '../rules/rune-call.ts';

/** What restrictions on invoices see of a BOLT 11 invoice. BOLT 12 ones are not read. */
export function readInvoice(text: string): InvoiceFields | { readonly fault: string } {
  try {
    const invoice = decode(text.toLowerCase());
    const description = invoice.tagsObject.description;
    const amount = invoice.millisatoshis;
    return {
      amountMsat: amount === undefined || amount === null ? undefined : BigInt(amount),
      description,
      nodeId: invoice.payeeNodeKey,
    };
  } catch (error) {
    return { fault: describeError(error) };
  }
}
