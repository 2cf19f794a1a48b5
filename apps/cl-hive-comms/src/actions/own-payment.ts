import { listinvoices, listsendpays, type RpcClient } from '@cl-hive/cln-rpc';
import type { Msat } from '@cl-hive/core';
import { absent, type Look, over, pending, there } from './action.ts';
import { sumOf } from './channel-view.ts';
import { ASK_MS } from './limits.ts';

/** What became of a payment to an invoice of the node's own, found by the invoice's label. */
export async function lookAtOwnPayment(
  rpc: RpcClient,
  label: string,
  amountMsat: Msat,
): Promise<Look> {
  const { invoices } = await rpc.call(listinvoices, { label }, { timeoutMs: ASK_MS });
  const [invoice] = invoices;
  if (invoice === undefined) {
    return absent('no invoice was made for it');
  }
  const hash = invoice.payment_hash;
  const { payments } = await rpc.call(listsendpays, { payment_hash: hash }, { timeoutMs: ASK_MS });
  const complete = payments.filter(({ status }) => status === 'complete');
  if (complete.length > 0) {
    const sent = sumOf(complete, ({ amount_sent_msat: amount }) => amount);
    const feeMsat = sent - amountMsat;
    const result = { payment_hash: hash, amount_msat: amountMsat, fee_msat: feeMsat };
    return there(result, feeMsat);
  }
  if (payments.some(({ status }) => status === 'pending')) {
    return pending('the payment is under way');
  }
  // There is one part and it is tried once: a failed one is the end.
  return payments.length === 0 ? absent('no payment was made') : over('the payment failed');
}
