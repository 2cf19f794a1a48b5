import type { PayMethod } from '@cl-hive/comms';
import { CodedError, type JsonObject, type Msat, type NodeId } from '@cl-hive/core';
import { type MethodChoice, selectMethod } from '@cl-hive/payments';
import type { PayAsk } from './rail.ts';

/** What `hive-client-pay` is given: what the payee offers, and what is wanted. */
export interface PayRequest {
  readonly invoice: string | undefined;
  readonly offer: string | undefined;
  readonly url: string | undefined;
  /** A Cashu mint that is to pay the invoice. */
  readonly mint?: string | undefined;
  readonly method: PayMethod | undefined;
  readonly kind: 'once' | 'series' | 'conditional';
  readonly amountMsat: Msat | undefined;
  readonly maxFeeMsat: Msat | undefined;
  readonly payee: NodeId | undefined;
  readonly purpose: string;
  readonly quantity: number | undefined;
  readonly payerNote: string | undefined;
  readonly key: string | undefined;
}

/** What each method needs of a request; undefined where the payee does not offer it. */
function details(request: PayRequest): ReadonlyMap<PayMethod, JsonObject> {
  const { invoice, offer, url, mint, quantity, payerNote } = request;
  const found = new Map<PayMethod, JsonObject>();
  if (invoice !== undefined) {
    found.set('bolt11', { bolt11: invoice });
    if (mint !== undefined) {
      found.set('cashu', { mint, bolt11: invoice });
    }
  }
  if (offer !== undefined) {
    found.set('bolt12', {
      offer,
      ...(quantity === undefined ? {} : { quantity }),
      ...(payerNote === undefined ? {} : { payer_note: payerNote }),
    });
  }
  if (url !== undefined) {
    found.set('l402', { url });
  }
  return found;
}

/**
 * Chooses the method of a request. Throws CodedError `method_unavailable` with what was passed over, and
 * `order_invalid` where the payee offers nothing.
 */
export function chooseMethod(
  request: PayRequest,
  available: readonly PayMethod[],
  preference: readonly PayMethod[] | undefined,
): { readonly ask: PayAsk; readonly choice: MethodChoice } {
  const offered = details(request);
  if (offered.size === 0) {
    throw new CodedError('order_invalid', 'there is nothing to pay', {
      remedy: 'give invoice, offer or url',
    });
  }
  const { method: only } = request;
  const usable = only === undefined ? preference : [only];
  const choice = selectMethod({
    kind: request.kind,
    offered: new Set(offered.keys()),
    available: new Set(available),
    preference: usable,
  });
  const { method } = choice;
  const detail = method && offered.get(method);
  if (method === undefined || detail === undefined) {
    throw new CodedError('method_unavailable', [choice.why, ...choice.passed].join('; '), {
      remedy: 'ask the payee for another way, or change pay_methods',
    });
  }
  const { purpose, amountMsat, maxFeeMsat, payee, key } = request;
  return {
    ask: { method, purpose, amountMsat, maxFeeMsat, payee, idempotencyKey: key, detail },
    choice,
  };
}
