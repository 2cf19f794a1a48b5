import { isCodedError, type Msat, type NodeId } from '@cl-hive/core';
import {
  type Bolt11Invoice,
  judgeInvoice,
  type Network,
  type NotPayable,
  readInvoice,
} from '@cl-hive/payments';
import type { ActionContext } from '../actions/action.ts';
import { paidState, paysOf } from '../actions/pays.ts';
import { type PayAsk, type RefusedQuote, refuse } from './rail.ts';

/** An invoice that may be paid, or the refusal. */
export type CheckedInvoice =
  | { readonly kind: 'payable'; readonly invoice: Bolt11Invoice; readonly amountMsat: Msat }
  | RefusedQuote;

const WHY: Readonly<Record<NotPayable, readonly [message: string, remedy: string]>> = {
  wrong_network: ['it is for another network', 'ask the payee for an invoice of this network'],
  expired: ['it has expired, or is about to', 'ask the payee for a new invoice'],
  from_the_future: ['it is dated in the future', 'check the clocks of both nodes'],
  amount_missing: ['it names no amount', 'give amount_msat'],
  amount_differs: ['it asks for another amount', 'ask the payee for an invoice over this amount'],
  wrong_payee: ['another node than the one named is paid by it', 'ask who should be paid'],
  own_invoice: ['it is this node’s own', 'nothing is to be paid'],
};

/**
 * Reads a BOLT 11 invoice and says whether it is paid now: signature, features, network, expiry, payee,
 * amount, and that lightningd does not know it as paid or under way.
 */
export async function checkInvoice(
  context: Pick<ActionContext, 'rpc' | 'clock' | 'configuration'>,
  self: NodeId,
  text: string,
  ask: Pick<PayAsk, 'amountMsat' | 'payee'>,
): Promise<CheckedInvoice> {
  let invoice: Bolt11Invoice;
  try {
    invoice = readInvoice(text);
  } catch (error) {
    if (isCodedError(error, 'invoice_invalid')) {
      return refuse('invoice_invalid', error.message, 'ask the payee for another invoice');
    }
    throw error;
  }
  const verdict = judgeInvoice(invoice, {
    network: context.configuration.network as Network,
    self,
    payee: ask.payee,
    amountMsat: ask.amountMsat,
    now: Math.floor(context.clock.now() / 1000),
  });
  if (!verdict.ok) {
    const [message, remedy] = WHY[verdict.reason];
    return refuse(verdict.reason, message, remedy);
  }
  const state = paidState(await paysOf(context.rpc, invoice.paymentHash));
  if (state !== 'free') {
    return state === 'paid'
      ? refuse('already_paid', 'this node has paid it', 'ask the payee for another invoice')
      : refuse('under_way', 'this node is paying it', 'wait until that has ended');
  }
  return { kind: 'payable', invoice, amountMsat: verdict.amountMsat };
}
