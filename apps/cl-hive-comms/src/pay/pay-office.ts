import {
  answerAbout,
  type Intent,
  isPurpose,
  knownOrder,
  type OrderClaim,
  type OrderSnapshot,
  type OutgoingAnswer,
  type PayMethod,
  type PipelineStore,
  type Refusal,
  type WordResult,
} from '@cl-hive/comms';
import type { JsonObject } from '@cl-hive/core';
import { canonicalText, sha256Hex } from '@cl-hive/protocol';
import { explain } from '@cl-hive/runtime/node';
import type { ActionContext } from '../actions/action.ts';
import { RPC_ROUTE } from '../pipeline/answer-desk.ts';
import { type PayAsk, type Quote, type Rails, refuse } from './rail.ts';

/** What a {@link PayOffice} works with. */
export interface PayOfficeParts {
  readonly store: PipelineStore;
  /** Runs the flow of an order. */
  readonly order: (claim: OrderClaim) => Promise<WordResult>;
  readonly rails: Rails;
  readonly context: ActionContext;
}

/**
 * What became of a payment. `answer.intent` is its number; `answer.outcome` is executed, failed,
 * unknown, unsupported, or pending while another call carries the same payment out.
 */
export type PayOutcome = WordResult;

/** What a payment would come to, with nothing stored, sent or asked of the payee. */
export type DryRun =
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'known'; readonly answer: OutgoingAnswer }
  | {
      readonly kind: 'quoted';
      readonly quote: Extract<Quote, { kind: 'order' }>;
      /** Why grants or limits would refuse it; undefined when they allow it. */
      readonly refusal: Refusal | undefined;
      readonly snapshot: OrderSnapshot;
    };

/**
 * The one place where the plugin itself pays: whoever wants something paid for the operator asks here,
 * whatever the method. Limits, ledger, receipts and recovery are those of the pipeline.
 */
export class PayOffice {
  readonly #parts: PayOfficeParts;

  constructor(parts: PayOfficeParts) {
    this.#parts = parts;
  }

  /** The methods that this node can pay by. */
  get methods(): readonly PayMethod[] {
    return [...this.#parts.rails.keys()];
  }

  /**
   * Pays once. Resolves when the outcome is known, or known to be unknown: then its reservation stays
   * and the node keeps looking. With the key of an earlier payment it tells of that one.
   */
  async pay(ask: PayAsk): Promise<PayOutcome> {
    const askDigest = digestOf(ask);
    const known = await this.#known(ask, askDigest);
    if (known !== undefined) {
      return known;
    }
    const hindrance = await this.#parts.store.orderHindrance(ask.purpose);
    if (hindrance !== undefined) {
      return { kind: 'refused', refusal: hindrance };
    }
    const quote = await this.#quote(ask, false);
    if (quote.kind === 'refused') {
      return { kind: 'refused', refusal: refusalOf(quote) };
    }
    const { idempotencyKey } = ask;
    return this.#parts.order({ order: quote.order, askDigest, idempotencyKey, route: RPC_ROUTE });
  }

  /** Says what {@link PayOffice.pay} would do now. */
  async dryRun(ask: PayAsk): Promise<DryRun> {
    const askDigest = digestOf(ask);
    const known = await this.#known(ask, askDigest);
    if (known !== undefined) {
      return known.kind === 'done' ? { kind: 'known', answer: known.answer } : known;
    }
    const quote = await this.#quote(ask, true);
    if (quote.kind === 'refused') {
      return { kind: 'refused', refusal: refusalOf(quote) };
    }
    const { order } = quote;
    const claim = { order, askDigest, idempotencyKey: undefined, route: RPC_ROUTE };
    const { decision, snapshot } = await this.#parts.store.tryOrder(claim);
    const refusal = decision.kind === 'refused' ? decision.refusal : undefined;
    return { kind: 'quoted', quote, refusal, snapshot };
  }

  async #known(ask: PayAsk, askDigest: string): Promise<PayOutcome | undefined> {
    const { idempotencyKey: key } = ask;
    const byKey: Intent | undefined =
      key === undefined ? undefined : await this.#parts.store.orderByKey(key);
    const known = knownOrder(byKey, askDigest);
    if (known === undefined) {
      return undefined;
    }
    return 'refusal' in known
      ? { kind: 'refused', refusal: known.refusal }
      : { kind: 'done', answer: answerAbout(known.intent, RPC_ROUTE, true) };
  }

  async #quote(ask: PayAsk, dry: boolean): Promise<Quote> {
    const { rails, context } = this.#parts;
    if (!isPurpose(ask.purpose)) {
      const remedy = 'a letter, then at most 31 of a-z 0-9 _ -';
      return refuse('order_invalid', `${JSON.stringify(ask.purpose)} is no purpose`, remedy);
    }
    const rail = rails.get(ask.method);
    if (rail === undefined) {
      const remedy = `this node pays by ${this.methods.join(', ')}`;
      return refuse('method_unavailable', `nothing here pays by ${ask.method}`, remedy);
    }
    try {
      return await rail.quote(context, ask, dry);
    } catch (error) {
      const message = `nothing was tried: ${explain(error)}`;
      return refuse('method_unavailable', message, 'ask again later');
    }
  }
}

function refusalOf({ code, message, remedy }: Extract<Quote, { kind: 'refused' }>): Refusal {
  return { code, message, remedy };
}

/** What an idempotency key stands for: everything that was asked, not what was answered. */
function digestOf(ask: PayAsk): string {
  const { method, purpose, amountMsat, maxFeeMsat, payee, detail } = ask;
  const amount = (msat: bigint | undefined): JsonObject[string] =>
    msat === undefined ? null : String(msat);
  return sha256Hex(
    canonicalText({
      method,
      purpose,
      amount: amount(amountMsat),
      fee: amount(maxFeeMsat),
      payee: payee ?? null,
      detail: method === 'l402' ? { url: detail['url'] ?? null } : detail,
    }),
  );
}
