import type { JsonObject, JsonValue, NodeId } from '@cl-hive/core';
import { isJsonObject } from '@cl-hive/core';
import { readBase64, readMacaroon } from '@cl-hive/payments';
import { type ActionContext, type Done, fail, go } from '../../actions/action.ts';
import { SETTLE_MS } from '../../actions/limits.ts';
import { optionalText, textOf } from '../../actions/params.ts';
import { lookAtPays, paidState, paysOf, sendInvoice } from '../../actions/pays.ts';
import { feeBound } from '../fee-bound.ts';
import { checkInvoice } from '../invoice-check.ts';
import { askFor, resourceOf, urlFault, type WebParts } from '../l402/paid-request.ts';
import type { L402Tokens } from '../l402/token-store.ts';
import { orderOf, type PayAsk, type PaymentRail, type Quote, refuse } from '../rail.ts';
import { estimateRoute } from '../route-estimate.ts';

/** What the L402 rail works with. */
export interface L402RailParts {
  readonly self: NodeId;
  readonly tokens: L402Tokens;
  readonly web: WebParts;
}

/**
 * Pays for a request over HTTP. `detail`: `url`, and the challenge that it answered with: `macaroon`
 * (base64), `bolt11`. The payment is that of the invoice; then the request is made once with the token,
 * which is kept whatever comes of that.
 */
export function l402Rail({ self, tokens, web }: L402RailParts): PaymentRail {
  return {
    method: 'l402',
    settleMs: SETTLE_MS.payment,
    quote: (context, ask, dry) => quote(self, context, ask, dry),
    plan: async ({ rpc }, command) => {
      const { amountMsat, detail, reference = '' } = orderOf(command);
      const state = paidState(await paysOf(rpc, reference));
      const macaroon = readBase64(textOf(detail, 'macaroon'));
      if (state !== 'free' || macaroon === undefined) {
        return fail(`the invoice is ${state === 'paid' ? 'paid' : 'being paid'} already`);
      }
      await tokens.begin(reference, resourceOf(textOf(detail, 'url')), macaroon, amountMsat);
      return go({ payment_hash: reference });
    },
    release: async (_context, marker) => {
      await tokens.forget(textOf(marker, 'payment_hash'), true);
    },
    perform: async ({ rpc }, { command }) => {
      const { feeMsat: maxFeeMsat, detail, reference: hash = '' } = orderOf(command);
      const paid = await sendInvoice(rpc, { invoice: textOf(detail, 'bolt11'), hash, maxFeeMsat });
      return spend(paid, hash, detail, { tokens, web });
    },
    look: async ({ rpc }, { command }) => {
      const { amountMsat, feeMsat, reference = '' } = orderOf(command);
      const look = lookAtPays(await paysOf(rpc, reference), amountMsat + feeMsat);
      return look.kind === 'there'
        ? { ...look, result: { ...withoutPreimage(look.result), token: KEPT } }
        : look;
    },
  };
}

/** The order for a challenge, or why it is not paid. Asks nobody but the own node. */
async function quote(
  self: NodeId,
  context: ActionContext,
  ask: PayAsk,
  dry: boolean,
): Promise<Quote> {
  const url = optionalText(ask.detail, 'url') ?? '';
  const bolt11 = optionalText(ask.detail, 'bolt11');
  const macaroon = optionalText(ask.detail, 'macaroon');
  const fault = urlFault(url);
  if (fault !== undefined || bolt11 === undefined || macaroon === undefined) {
    return refuse('order_invalid', fault ?? 'there is no challenge', 'hive-client-pay url=…');
  }
  const checked = await checkInvoice(context, self, bolt11, ask);
  if (checked.kind === 'refused') {
    return checked;
  }
  const { invoice, amountMsat } = checked;
  if (hashIn(macaroon) !== invoice.paymentHash) {
    const message = 'its invoice pays for another token';
    return refuse('challenge_refused', message, 'ask the server’s operator');
  }
  const feeMsat = feeBound(amountMsat, ask.maxFeeMsat);
  const { payee, paymentHash, minFinalCltv: finalCltv } = invoice;
  return {
    kind: 'order',
    order: {
      method: 'l402',
      purpose: ask.purpose,
      amountMsat,
      feeMsat,
      payee: new URL(url).host,
      reference: paymentHash,
      peers: [payee],
      detail: { url, macaroon, bolt11 },
    },
    estimate: dry
      ? await estimateRoute(context, {
          from: self,
          to: payee,
          amountMsat,
          maxFeeMsat: feeMsat,
          finalCltv,
        })
      : undefined,
  };
}

const KEPT = 'kept: ask for the same url again, and it is used without paying';

/** The payment hash that a macaroon is for. */
function hashIn(macaroon: string): string | undefined {
  const bytes = readBase64(macaroon);
  return bytes && readMacaroon(bytes)?.identifier.paymentHash;
}

/** A preimage is half a token: it stands in no answer, record or receipt. */
function withoutPreimage(result: JsonValue): JsonObject {
  const { payment_preimage: _, ...rest } = isJsonObject(result) ? result : {};
  return rest;
}

/** Keeps the token that was paid for, and asks with it once. */
async function spend(
  paid: Done,
  hash: string,
  detail: JsonObject,
  { tokens, web }: Pick<L402RailParts, 'tokens' | 'web'>,
): Promise<Done> {
  const preimage = textOf(isJsonObject(paid.result) ? paid.result : {}, 'payment_preimage');
  const macaroon = readBase64(textOf(detail, 'macaroon')) ?? new Uint8Array();
  const token = { macaroon, preimage };
  await tokens.paid(hash, token);
  const { response, shown } = await askFor(textOf(detail, 'url'), token, web);
  const trouble =
    response.kind === 'given'
      ? undefined
      : response.kind === 'failed'
        ? `it was paid for and not given: ${response.why}`
        : 'it was paid for, and payment is asked for again';
  await tokens.shown(hash, trouble ?? null);
  const result = {
    ...withoutPreimage(paid.result),
    token: KEPT,
    ...(shown === undefined ? {} : { answer: shown }),
  };
  const undelivered = trouble === undefined ? {} : { undelivered: trouble };
  return { result, leftMsat: paid.leftMsat, ...undelivered };
}
