import { effectiveRules, loadPolicy, type Refusal } from '@cl-hive/comms';
import { type Clock, CodedError, type JsonObject } from '@cl-hive/core';
import type { Store } from '@cl-hive/store';
import type { CommsDatabase } from '../store/database.ts';
import type { L402Desk } from './l402/l402-desk.ts';
import type { PayAdmin, PayGrantRequest } from './pay-admin.ts';
import type { HistoryPage, PayHistory } from './pay-history.ts';
import type { InvoiceRequest, OfferRequest, PayIncome } from './pay-income.ts';
import type { PayOffice } from './pay-office.ts';
import { chooseMethod, type PayRequest } from './pay-request.ts';
import { dryRunView, outcomeView } from './pay-views.ts';
import { askOf, type SubscriptionDesk, type SubscriptionRequest } from './subscription-desk.ts';

/** What {@link PaymentCommands} work with. */
export interface PaymentParts {
  readonly store: Store<CommsDatabase>;
  readonly clock: Pick<Clock, 'now'>;
  readonly office: PayOffice;
  readonly web: L402Desk;
  readonly admin: PayAdmin;
  readonly history: PayHistory;
  readonly income: PayIncome;
  readonly subscriptions: SubscriptionDesk;
}

/** What the operator's commands about money do and answer. */
export class PaymentCommands {
  readonly #parts: PaymentParts;

  constructor(parts: PaymentParts) {
    this.#parts = parts;
  }

  /** Pays, or says what paying would come to. Throws the refusal. */
  async pay(request: PayRequest, dry: boolean): Promise<JsonObject> {
    const { store, clock, office } = this.#parts;
    const rules = effectiveRules(await loadPolicy(store.reader), clock.now());
    const { ask, choice } = chooseMethod(request, office.methods, rules.payMethods);
    if (ask.method === 'l402') {
      return this.#parts.web.fetch(ask, choice, dry);
    }
    if (dry) {
      const run = await office.dryRun(ask);
      return run.kind === 'refused' ? raise(run.refusal) : dryRunView(run, ask.method, choice);
    }
    const outcome = await office.pay(ask);
    return outcome.kind === 'refused'
      ? raise(outcome.refusal)
      : outcomeView(outcome, ask.method, choice);
  }

  /** Pays an offer each period; a dry run says what the first payment would come to. */
  async subscribe(request: SubscriptionRequest, dry: boolean): Promise<JsonObject> {
    const { office, subscriptions } = this.#parts;
    if (!dry) {
      return subscriptions.begin(request);
    }
    const first = {
      id: 0,
      state: 'active',
      epoch: 0,
      counter: 0,
      dueGuardMs: 0,
      tryGuardMs: 0,
    } as const;
    const ask = askOf({ ...first, ...request, problem: undefined });
    const run = await office.dryRun({ ...ask, idempotencyKey: undefined });
    const why = 'a subscription is paid by an offer';
    return run.kind === 'refused'
      ? raise(run.refusal)
      : dryRunView(run, ask.method, { method: ask.method, why, passed: [] });
  }

  endSubscription(id: number): Promise<JsonObject> {
    return this.#parts.subscriptions.end(id);
  }

  /** An invoice to be paid by, made once for its key. */
  invoice(request: InvoiceRequest): Promise<JsonObject> {
    return this.#parts.income.invoice(request);
  }

  /** An offer to be paid by, made once for what it says. */
  offer(request: OfferRequest): Promise<JsonObject> {
    return this.#parts.income.offer(request);
  }

  offers(): Promise<JsonObject> {
    return this.#parts.income.offers();
  }

  disableOffer(id: string): Promise<JsonObject> {
    return this.#parts.income.disableOffer(id);
  }

  /** Limits, grants, what is stopped, what is unknown and why, and a page of the history. */
  async list(page: HistoryPage): Promise<JsonObject> {
    const { history, subscriptions } = this.#parts;
    return { ...(await history.view(page)), subscriptions: await subscriptions.list() };
  }

  /** Grants an amount for a time: until then paying is off. */
  grant(request: PayGrantRequest): Promise<JsonObject> {
    return this.#parts.admin.grant(request);
  }

  endGrant(id: number): Promise<JsonObject> {
    return this.#parts.admin.endGrant(id);
  }

  /** Lets a payer go on that was stopped. */
  resume(payer: string): Promise<JsonObject> {
    return this.#parts.admin.resume(payer);
  }
}

function raise({ code, message, remedy }: Refusal): never {
  throw new CodedError(code, message, { remedy });
}
