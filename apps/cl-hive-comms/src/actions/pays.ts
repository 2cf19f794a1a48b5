import { type ListpaysPays, listpays, pay, type RpcClient, xpay } from '@cl-hive/cln-rpc';
import type { JsonObject, Msat } from '@cl-hive/core';
import { isUnknownCommand } from '@cl-hive/runtime/node';
import { absent, type Done, done, type Look, pending, there } from './action.ts';
import { ASK_MS, PAY_MS, PAY_RETRY_S } from './limits.ts';

/** A payment as answers show it. */
export function renderPay(row: ListpaysPays): JsonObject {
  return {
    payment_hash: row.payment_hash,
    status: row.status,
    payment_preimage: row.preimage ?? null,
    amount_msat: row.amount_msat ?? null,
    amount_sent_msat: row.amount_sent_msat ?? null,
  };
}

/** The payments that lightningd keeps of a payment hash. */
export async function paysOf(rpc: RpcClient, hash: string): Promise<readonly ListpaysPays[]> {
  const { pays } = await rpc.call(listpays, { payment_hash: hash }, { timeoutMs: ASK_MS });
  return pays;
}

/** Whether a payment hash is paid or being paid, in lightningd's eyes. */
export function paidState(rows: readonly ListpaysPays[]): 'paid' | 'under_way' | 'free' {
  if (rows.some(({ status }) => status === 'complete')) {
    return 'paid';
  }
  return rows.some(({ status }) => status === 'pending') ? 'under_way' : 'free';
}

/**
 * What became of a payment. A failed part is no end while the command may try another, so that the
 * whole counts as absent until it has settled. `boundMsat` is what it can have cost at most.
 */
export function lookAtPays(rows: readonly ListpaysPays[], boundMsat: bigint): Look {
  const complete = rows.find(({ status }) => status === 'complete');
  if (complete !== undefined) {
    return there(renderPay(complete), complete.amount_sent_msat ?? boundMsat);
  }
  return rows.some(({ status }) => status === 'pending')
    ? pending('the payment is under way')
    : absent(rows.length === 0 ? 'no payment was made' : 'the payment failed');
}

/** An invoice that is to be paid now. */
export interface InvoicePayment {
  /** BOLT 11 or BOLT 12. */
  readonly invoice: string;
  readonly hash: string;
  /** For an invoice without an amount only. */
  readonly amountMsat?: Msat;
  readonly maxFeeMsat: Msat;
}

/** Pays an invoice once: by `xpay`, where lightningd has none by `pay`. */
export async function sendInvoice(rpc: RpcClient, payment: InvoicePayment): Promise<Done> {
  const { invoice, hash, amountMsat, maxFeeMsat: maxfee } = payment;
  const amount = amountMsat === undefined ? {} : { amount_msat: amountMsat };
  const shared = { ...amount, maxfee, retry_for: PAY_RETRY_S };
  const options = { timeoutMs: PAY_MS };
  const paid = await rpc
    .call(xpay, { invstring: invoice, ...shared }, options)
    .catch((error: unknown) => {
      // Before v24.11 there is no xpay; what is not known was not begun.
      if (isUnknownCommand(error)) {
        return rpc.call(pay, { bolt11: invoice, ...shared }, options);
      }
      throw error;
    });
  return done(
    {
      payment_hash: hash,
      status: 'complete',
      payment_preimage: paid.payment_preimage,
      amount_msat: paid.amount_msat,
      amount_sent_msat: paid.amount_sent_msat,
    },
    paid.amount_sent_msat,
  );
}
