import type { JsonObject, NodeId } from '@cl-hive/core';
import { fail, go } from '../../actions/action.ts';
import { SETTLE_MS } from '../../actions/limits.ts';
import { optionalText, textOf } from '../../actions/params.ts';
import { lookAtPays, paidState, paysOf, sendInvoice } from '../../actions/pays.ts';
import { feeBound } from '../fee-bound.ts';
import { checkInvoice } from '../invoice-check.ts';
import { orderOf, type PaymentRail, refuse } from '../rail.ts';
import { estimateRoute } from '../route-estimate.ts';

/** The payment hash by which an order's payment is found in lightningd. */
function hashOf(params: JsonObject): string {
  return textOf(params, 'reference');
}

/** Pays BOLT 11 invoices. `detail`: `bolt11`, the invoice. */
export function bolt11Rail(self: NodeId): PaymentRail {
  return {
    method: 'bolt11',
    settleMs: SETTLE_MS.payment,
    quote: async (context, ask, dry) => {
      const text = optionalText(ask.detail, 'bolt11');
      if (text === undefined) {
        return refuse('order_invalid', 'there is no invoice', 'give bolt11');
      }
      const checked = await checkInvoice(context, self, text, ask);
      if (checked.kind === 'refused') {
        return checked;
      }
      const { invoice, amountMsat } = checked;
      const feeMsat = feeBound(amountMsat, ask.maxFeeMsat);
      const open = invoice.amountMsat === undefined;
      return {
        kind: 'order',
        order: {
          method: 'bolt11',
          purpose: ask.purpose,
          amountMsat,
          feeMsat,
          payee: invoice.payee,
          reference: invoice.paymentHash,
          peers: [invoice.payee],
          detail: { bolt11: invoice.text, open_amount: open },
        },
        estimate: dry
          ? await estimateRoute(context, {
              from: self,
              to: invoice.payee,
              amountMsat,
              maxFeeMsat: feeMsat,
              finalCltv: invoice.minFinalCltv,
            })
          : undefined,
      };
    },
    plan: async ({ rpc }, command) => {
      const state = paidState(await paysOf(rpc, hashOf(command.params)));
      return state === 'free'
        ? go()
        : fail(`the invoice is ${state === 'paid' ? 'paid' : 'being paid'} already`);
    },
    perform: ({ rpc }, { command }) => {
      const { amountMsat, feeMsat: maxFeeMsat, detail } = orderOf(command);
      return sendInvoice(rpc, {
        invoice: textOf(detail, 'bolt11'),
        hash: hashOf(command.params),
        maxFeeMsat,
        ...(detail['open_amount'] === true ? { amountMsat } : {}),
      });
    },
    look: async ({ rpc }, { command }) => {
      const { amountMsat, feeMsat } = orderOf(command);
      return lookAtPays(await paysOf(rpc, hashOf(command.params)), amountMsat + feeMsat);
    },
  };
}
