import { type DecodeResponse, decode, RpcError } from '@cl-hive/cln-rpc';
import type { OfferFacts, OfferInvoiceFacts } from '@cl-hive/payments';
import { explain } from '@cl-hive/runtime/node';
import type { ActionContext } from '../actions/action.ts';
import { ASK_MS } from '../actions/limits.ts';
import { type RefusedQuote, refuse } from './rail.ts';

/** Reads a BOLT 12 text with lightningd's own `decode`, which checks form and signature. */
async function read(
  { rpc }: Pick<ActionContext, 'rpc'>,
  string: string,
  type: string,
  code: 'offer_invalid' | 'invoice_invalid',
): Promise<DecodeResponse | RefusedQuote> {
  let found: DecodeResponse;
  try {
    found = await rpc.call(decode, { string }, { timeoutMs: ASK_MS });
  } catch (error) {
    if (error instanceof RpcError) {
      return refuse(code, explain(error), 'ask the payee for another one');
    }
    throw error;
  }
  return found.type === type && found.valid
    ? found
    : refuse(code, `it is no valid ${type}`, 'ask the payee for another one');
}

function factsOf(found: DecodeResponse): OfferFacts {
  return {
    id: found.offer_id ?? '',
    chains: found.offer_chains ?? [],
    amountMsat: found.offer_amount_msat,
    currency: found.offer_currency,
    description: found.offer_description,
    issuer: found.offer_issuer,
    issuerId: found.offer_issuer_id,
    expiresAt: found.offer_absolute_expiry,
    quantityMax: found.offer_quantity_max,
    recurs: found.offer_recurrence !== undefined,
  };
}

/** Reads an offer, or says why it is none. */
export async function readOffer(
  context: Pick<ActionContext, 'rpc'>,
  text: string,
): Promise<OfferFacts | RefusedQuote> {
  const found = await read(context, text, 'bolt12 offer', 'offer_invalid');
  return 'kind' in found ? found : factsOf(found);
}

/** Seconds that a BOLT 12 invoice is good for where it does not say. */
const EXPIRY_SECONDS = 7200;

/** Reads an invoice that came for an offer, or says why it is none. */
export async function readOfferInvoice(
  context: Pick<ActionContext, 'rpc'>,
  text: string,
): Promise<OfferInvoiceFacts | RefusedQuote> {
  const found = await read(context, text, 'bolt12 invoice', 'invoice_invalid');
  return 'kind' in found
    ? found
    : {
        offer: factsOf(found),
        amountMsat: found.invoice_amount_msat,
        paymentHash: found.invoice_payment_hash,
        nodeId: found.invoice_node_id,
        quantity: found.invreq_quantity,
        createdAt: found.invoice_created_at ?? 0n,
        expirySeconds: found.invoice_relative_expiry ?? EXPIRY_SECONDS,
      };
}
