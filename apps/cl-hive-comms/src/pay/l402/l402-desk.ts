import { type RpcClient } from '@cl-hive/cln-rpc';
import { type Clock, CodedError, type JsonObject, type Msat, type NodeId } from '@cl-hive/core';
import {
  beginL402,
  type L402Refusal,
  type L402Token,
  type MethodChoice,
  type Network,
  stepL402,
} from '@cl-hive/payments';
import { paidState, paysOf } from '../../actions/pays.ts';
import type { PayOffice } from '../pay-office.ts';
import { dryRunView, outcomeView } from '../pay-views.ts';
import type { PayAsk } from '../rail.ts';
import { askFor, resourceOf, urlFault, type WebAnswer, type WebParts } from './paid-request.ts';
import type { HeldToken, L402Tokens } from './token-store.ts';

/** What a request may cost at most where its caller names no bound: 1,000 sats. */
const PRICE_MAX_MSAT = 1_000_000n as Msat;

/** What an {@link L402Desk} works with. */
export interface L402DeskParts {
  readonly rpc: RpcClient;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly self: NodeId;
  readonly network: string;
  readonly office: PayOffice;
  readonly tokens: L402Tokens;
  readonly web: WebParts;
}

/**
 * Requests over HTTP that may have a price: the L402 client. A token that is held is shown first; what
 * is given for it, or for nothing, is not paid for. A payment is an order like any other.
 */
export class L402Desk {
  readonly #parts: L402DeskParts;
  /** Requests for one resource go one after the other, so that the second uses what the first paid for. */
  readonly #lines = new Map<string, Promise<unknown>>();

  constructor(parts: L402DeskParts) {
    this.#parts = parts;
  }

  get tokens(): L402Tokens {
    return this.#parts.tokens;
  }

  /**
   * Asks for `ask.detail.url`, and pays where payment is asked for: at most once. `ask.amountMsat` is the
   * most that it may cost. `dry` asks too, since nobody else knows the price, but pays nothing and shows no
   * token. Throws CodedError with a code of `ORDER_REASONS` or of the pipeline.
   */
  async fetch(ask: PayAsk, choice: MethodChoice, dry: boolean): Promise<JsonObject> {
    const { url } = ask.detail;
    const fault = typeof url === 'string' ? urlFault(url) : 'there is no url';
    if (typeof url !== 'string' || fault !== undefined) {
      throw refusal('order_invalid', `the url is not asked: ${fault}`, 'give another url');
    }
    const resource = resourceOf(url);
    const before = this.#lines.get(resource) ?? Promise.resolve();
    const mine = before.then(
      () => this.#fetch(url, resource, ask, choice, dry),
      () => this.#fetch(url, resource, ask, choice, dry),
    );
    this.#lines.set(resource, mine);
    try {
      return await mine;
    } finally {
      if (this.#lines.get(resource) === mine) {
        this.#lines.delete(resource);
      }
    }
  }

  async #fetch(
    url: string,
    resource: string,
    ask: PayAsk,
    choice: MethodChoice,
    dry: boolean,
  ): Promise<JsonObject> {
    const { tokens, web, self, network, clock } = this.#parts;
    const held = await this.#held(resource);
    if (dry && held !== undefined) {
      return { dry_run: true, would: 'use the token that is held', ...heldView(held) };
    }
    const answer = await askFor(url, held?.token, web);
    const step = stepL402(
      beginL402(held?.token).state,
      { kind: 'response', response: answer.response },
      {
        network: network as Network,
        self,
        payee: ask.payee,
        maxMsat: ask.amountMsat ?? PRICE_MAX_MSAT,
        now: Math.floor(clock.now() / 1000),
      },
    );
    switch (step.state.stage) {
      case 'given':
        if (held !== undefined) {
          await tokens.shown(held.paymentHash, null);
        }
        return givenView(answer, held, dry);
      case 'refused': {
        if (held !== undefined && step.state.token !== undefined) {
          await tokens.shown(held.paymentHash, 'it was paid for and is not given');
        }
        throw said(step.state.reason, answer);
      }
      case 'paying':
        // What a token that was paid for does not open any more, it will not open again.
        if (held !== undefined) {
          await tokens.forget(held.paymentHash);
        }
        return this.#pay(ask, url, answer, choice, dry);
      default:
        throw new CodedError('order_invalid', 'the request has not ended');
    }
  }

  async #pay(
    ask: PayAsk,
    url: string,
    { response }: WebAnswer,
    choice: MethodChoice,
    dry: boolean,
  ): Promise<JsonObject> {
    const { office } = this.#parts;
    const challenge = response.kind === 'payment_required' ? response.challenge : undefined;
    const detail = {
      url,
      macaroon: Buffer.from(challenge?.macaroon ?? []).toString('base64'),
      bolt11: challenge?.invoice ?? '',
    };
    const whole: PayAsk = { ...ask, amountMsat: undefined, detail };
    if (dry) {
      const run = await office.dryRun(whole);
      if (run.kind === 'refused') {
        throw refusal(run.refusal.code, run.refusal.message, run.refusal.remedy);
      }
      return dryRunView(run, 'l402', choice);
    }
    const outcome = await office.pay(whole);
    if (outcome.kind === 'refused') {
      const { code, message, remedy } = outcome.refusal;
      throw refusal(code, message, remedy);
    }
    return outcomeView(outcome, 'l402', choice);
  }

  /** The token for a resource, where one is paid for and has not ended. */
  async #held(resource: string): Promise<(HeldToken & { readonly token: L402Token }) | undefined> {
    const { tokens, clock } = this.#parts;
    const now = clock.now() / 1000;
    for (const one of await tokens.of(resource)) {
      const token = one.token ?? (await this.#settle(one));
      if (token !== undefined && one.endsAt !== undefined && one.endsAt <= now) {
        await tokens.forget(one.paymentHash);
      } else if (token !== undefined) {
        return { ...one, token };
      }
    }
    return undefined;
  }

  /** What became of a payment whose outcome never reached its token. */
  async #settle(one: HeldToken): Promise<L402Token | undefined> {
    const { rpc, tokens } = this.#parts;
    const { paymentHash, macaroon } = one;
    const pays = await paysOf(rpc, paymentHash);
    const preimage = pays.find(({ status }) => status === 'complete')?.preimage;
    if (preimage !== undefined) {
      const token = { macaroon, preimage };
      await tokens.paid(paymentHash, token);
      return token;
    }
    if (paidState(pays) !== 'free' || (await tokens.underWay(paymentHash))) {
      throw refusal(
        'under_way',
        'an earlier payment for it is under way, or not known to have failed',
        'wait until its outcome is known: hive-client-payments',
      );
    }
    await tokens.forget(paymentHash, true);
    return undefined;
  }
}

function refusal(code: string, message: string, remedy: string): CodedError {
  return new CodedError(code, message, { remedy });
}

function heldView({ paymentHash, resource, endsAt }: HeldToken): JsonObject {
  return {
    token: paymentHash,
    resource,
    ...(endsAt === undefined ? {} : { valid_until: endsAt }),
  };
}

function givenView({ shown }: WebAnswer, held: HeldToken | undefined, dry: boolean): JsonObject {
  const why = held === undefined ? 'it costs nothing' : 'a token for it was paid for before';
  return {
    ...(dry ? { dry_run: true } : {}),
    method: 'l402',
    outcome: 'executed',
    paid: false,
    why,
    ...(held === undefined ? {} : heldView(held)),
    result: { answer: shown ?? null },
  };
}

/** The refusal of a request that is not paid for, with what would change it. */
function said(reason: L402Refusal, { response }: WebAnswer): CodedError {
  const why = response.kind === 'failed' ? `: ${response.why}` : '';
  switch (reason) {
    case 'server_failed':
      return refusal('request_failed', `it is not given${why}`, 'ask again later');
    case 'paid_but_failed':
      return refusal(
        'paid_not_given',
        `it was paid for before and is not given${why}; the token is kept`,
        'ask again later; hive-client-tokens shows it',
      );
    case 'price_too_high':
      return refusal(
        'price_too_high',
        'it costs more than it may',
        'give a higher amount_msat if it is worth that',
      );
    default:
      return refusal(
        'challenge_refused',
        `what it asks for is not paid: ${reason}`,
        'ask the server’s operator',
      );
  }
}
