import { type FetchinvoiceResponse, fetchinvoice, RpcError } from '@cl-hive/cln-rpc';
import { isJsonObject, type JsonObject, type Msat, type NodeId } from '@cl-hive/core';
import {
  type Network,
  type OfferFacts,
  payableOffer,
  payableOfferInvoice,
} from '@cl-hive/payments';
import { explain } from '@cl-hive/runtime/node';
import { type ActionContext, fail, go } from '../../actions/action.ts';
import { PEER_MS, SETTLE_MS } from '../../actions/limits.ts';
import { numberOf, optionalNumber, optionalText, textOf } from '../../actions/params.ts';
import { lookAtPays, paidState, paysOf, sendInvoice } from '../../actions/pays.ts';
import { feeBound } from '../fee-bound.ts';
import { readOffer, readOfferInvoice } from '../offer-facts.ts';
import { orderOf, type PayAsk, type PaymentRail, type Quote, refuse } from '../rail.ts';
import { estimateRoute } from '../route-estimate.ts';

/** Seconds in which the payee may answer with an invoice. */
const FETCH_S = 30;

/** What an offer is paid for. */
interface Bargain {
  readonly offer: OfferFacts;
  readonly text: string;
  readonly amountMsat: Msat;
  readonly quantity: bigint | undefined;
}

function recurrenceOf(detail: JsonObject): JsonObject | undefined {
  const series = detail['series'];
  return isJsonObject(series) ? series : undefined;
}

async function bargain(
  context: ActionContext,
  self: NodeId,
  ask: PayAsk,
): Promise<Bargain | Quote> {
  const text = optionalText(ask.detail, 'offer');
  if (text === undefined) {
    return refuse('order_invalid', 'there is no offer', 'give offer');
  }
  const offer = await readOffer(context, text);
  if ('kind' in offer) {
    return offer;
  }
  if (offer.issuerId === self) {
    return refuse('own_invoice', 'the offer is this node’s own', 'nothing is to be paid');
  }
  const count = optionalNumber(ask.detail, 'quantity');
  const verdict = payableOffer(offer, {
    network: context.configuration.network as Network,
    amountMsat: ask.amountMsat,
    quantity: count === undefined ? undefined : BigInt(count),
    payee: ask.payee,
    inSeries: recurrenceOf(ask.detail) !== undefined,
    now: Math.floor(context.clock.now() / 1000),
  });
  if (!verdict.ok) {
    return refuse(verdict.reason, verdict.message, 'see what the offer asks, with decode');
  }
  return { offer, text, amountMsat: verdict.amountMsat, quantity: verdict.quantity };
}

function fetchParams({ offer, text, amountMsat, quantity }: Bargain, detail: JsonObject) {
  const note = optionalText(detail, 'payer_note');
  const series = recurrenceOf(detail);
  const recurring = series !== undefined && offer.recurs ? series : undefined;
  return {
    offer: text,
    ...(offer.amountMsat === undefined ? { amount_msat: amountMsat } : {}),
    ...(quantity === undefined ? {} : { quantity }),
    ...(note === undefined ? {} : { payer_note: note }),
    ...(recurring === undefined
      ? {}
      : {
          recurrence_counter: BigInt(numberOf(recurring, 'counter')),
          recurrence_label: textOf(recurring, 'label'),
        }),
    timeout: FETCH_S,
  };
}

async function fetchFor(context: ActionContext, ask: PayAsk, the: Bargain): Promise<Quote> {
  const { offer, text, amountMsat, quantity } = the;
  let fetched: FetchinvoiceResponse;
  try {
    const params = fetchParams(the, ask.detail);
    fetched = await context.rpc.call(fetchinvoice, params, { timeoutMs: PEER_MS });
  } catch (error) {
    if (error instanceof RpcError) {
      return refuse('offer_invalid', `no invoice came: ${explain(error)}`, 'ask the payee');
    }
    throw error;
  }
  const invoice = await readOfferInvoice(context, fetched.invoice);
  if ('kind' in invoice) {
    return invoice;
  }
  const now = Math.floor(context.clock.now() / 1000);
  const changes = Object.keys(fetched.changes);
  const verdict = payableOfferInvoice(offer, invoice, { amountMsat, quantity, now }, changes);
  if (!verdict.ok) {
    return refuse(verdict.reason, verdict.message, 'ask the payee for another offer');
  }
  const { paymentHash, nodeId } = verdict;
  const state = paidState(await paysOf(context.rpc, paymentHash));
  if (state !== 'free') {
    const code = state === 'paid' ? 'already_paid' : 'under_way';
    return refuse(code, 'the payee sent an invoice of before', 'ask the payee for a new one');
  }
  const feeMsat = feeBound(amountMsat, ask.maxFeeMsat);
  return {
    kind: 'order',
    order: {
      method: 'bolt12',
      purpose: ask.purpose,
      amountMsat,
      feeMsat,
      payee: nodeId,
      reference: paymentHash,
      peers: [nodeId],
      detail: { offer: text, offer_id: offer.id, invoice: fetched.invoice },
    },
    estimate: undefined,
  };
}

/** What a dry run says: the payee is not asked, so that neither payment hash nor invoice are known. */
async function withoutAsking(
  context: ActionContext,
  self: NodeId,
  ask: PayAsk,
  { offer, text, amountMsat }: Bargain,
): Promise<Quote> {
  const { issuerId } = offer;
  const feeMsat = feeBound(amountMsat, ask.maxFeeMsat);
  const journey = { from: self, amountMsat, maxFeeMsat: feeMsat, finalCltv: FINAL_CLTV };
  return {
    kind: 'order',
    order: {
      method: 'bolt12',
      purpose: ask.purpose,
      amountMsat,
      feeMsat,
      payee: issuerId,
      reference: undefined,
      peers: issuerId === undefined ? [] : [issuerId],
      detail: { offer: text, offer_id: offer.id },
    },
    estimate:
      issuerId === undefined
        ? { found: false, message: 'the offer hides its node; the way is known with the invoice' }
        : await estimateRoute(context, { ...journey, to: issuerId }),
  };
}

/** Final CLTV delta of the estimate, in blocks; the invoice says the real one. */
const FINAL_CLTV = 18;

/**
 * Pays BOLT 12 offers. `detail`: `offer`; `quantity` and `payer_note` where wanted; `series` with `counter`
 * and `label` for one payment of a series. The invoice is fetched and checked before the order is claimed.
 */
export function bolt12Rail(self: NodeId): PaymentRail {
  return {
    method: 'bolt12',
    settleMs: SETTLE_MS.payment,
    quote: async (context, ask, dry) => {
      const the = await bargain(context, self, ask);
      if ('kind' in the) {
        return the;
      }
      return dry ? withoutAsking(context, self, ask, the) : fetchFor(context, ask, the);
    },
    plan: async ({ rpc }, { params }) => {
      const state = paidState(await paysOf(rpc, textOf(params, 'reference')));
      return state === 'free' ? go() : fail('the invoice is paid or being paid already');
    },
    perform: ({ rpc }, { command }) => {
      const { feeMsat: maxFeeMsat, detail } = orderOf(command);
      const hash = textOf(command.params, 'reference');
      return sendInvoice(rpc, { invoice: textOf(detail, 'invoice'), hash, maxFeeMsat });
    },
    look: async ({ rpc }, { command }) => {
      const { amountMsat, feeMsat } = orderOf(command);
      const rows = await paysOf(rpc, textOf(command.params, 'reference'));
      return lookAtPays(rows, amountMsat + feeMsat);
    },
  };
}
