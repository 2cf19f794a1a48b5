import {
  afterTry,
  isDue,
  isPurpose,
  listSubscriptions,
  nextSubscription,
  SUBSCRIPTIONS_MAX,
  type Subscription,
  type SubscriptionTry,
  saveSubscription,
  subscriptionKey,
} from '@cl-hive/comms';
import { CodedError, type JsonObject } from '@cl-hive/core';
import { type AdminParts, administer } from '../pipeline/admin.ts';
import type { PayOffice, PayOutcome } from './pay-office.ts';
import type { PayAsk } from './rail.ts';

/** What a {@link SubscriptionDesk} works with. */
export interface SubscriptionParts {
  readonly admin: AdminParts;
  readonly office: PayOffice;
  /** Guard time in ms. */
  readonly guardMs: () => number;
  /** How often the node was restored. */
  readonly epoch: number;
  /** Told of a payment that came to nothing. */
  readonly failed: (subscription: Subscription) => void;
}

/** What a subscription is made of. */
export type SubscriptionRequest = Pick<
  Subscription,
  | 'everyMs'
  | 'times'
  | 'offer'
  | 'amountMsat'
  | 'maxFeeMsat'
  | 'payee'
  | 'quantity'
  | 'payerNote'
  | 'purpose'
>;

/** Pays offers again each period, within grants and limits; each period at most once. */
export class SubscriptionDesk {
  readonly #parts: SubscriptionParts;

  constructor(parts: SubscriptionParts) {
    this.#parts = parts;
  }

  /** Begins one; its first payment is due at once. Throws CodedError `subscriptions_full`, `order_invalid`. */
  begin(request: SubscriptionRequest): Promise<JsonObject> {
    const { admin, guardMs, epoch } = this.#parts;
    if (!isPurpose(request.purpose)) {
      throw new CodedError('order_invalid', 'that is no purpose', {
        remedy: 'a letter, then at most 31 of a-z 0-9 _ -',
      });
    }
    const now = guardMs();
    return administer(admin, 'subscribe', async (tx) => {
      if ((await listSubscriptions(tx, 'active')).length >= SUBSCRIPTIONS_MAX) {
        throw new CodedError('subscriptions_full', `at most ${SUBSCRIPTIONS_MAX} at a time`, {
          remedy: 'end one: hive-client-payments action=end_subscription',
        });
      }
      const subscription: Subscription = {
        ...request,
        id: await nextSubscription(tx),
        state: 'active',
        epoch,
        counter: 0,
        dueGuardMs: now,
        tryGuardMs: now,
        problem: undefined,
      };
      await saveSubscription(tx, subscription);
      const { id, everyMs, offer, purpose } = subscription;
      const receipt = { subscription: id, every_ms: everyMs, offer, purpose };
      return { value: subscriptionView(subscription, now, epoch), receipt };
    });
  }

  /** Ends one; a payment that is under way goes on. Throws CodedError `subscription_unknown`. */
  end(id: number): Promise<JsonObject> {
    return administer(this.#parts.admin, 'end_subscription', async (tx) => {
      const found = (await listSubscriptions(tx, 'active')).find((one) => one.id === id);
      if (found === undefined) {
        throw new CodedError('subscription_unknown', `no subscription ${id} is active`, {
          remedy: 'hive-client-payments lists them',
        });
      }
      await saveSubscription(tx, { ...found, state: 'ended' });
      return { value: { ended: id }, receipt: { subscription: id } };
    });
  }

  async list(): Promise<readonly JsonObject[]> {
    const { admin, guardMs, epoch } = this.#parts;
    const all = await listSubscriptions(admin.store.reader, 'active');
    return all.map((one) => subscriptionView(one, guardMs(), epoch));
  }

  /** Pays what is due, one after another. */
  async run(): Promise<void> {
    const { admin, office, guardMs, failed, epoch } = this.#parts;
    for (const due of await listSubscriptions(admin.store.reader, 'active')) {
      if (!isDue(due, { guardMs: guardMs(), epoch })) {
        continue;
      }
      const tried = tryOf(await office.pay(askOf(due)));
      const after = await admin.store.transact(async (tx) => {
        // The operator may have ended it meanwhile.
        const now = (await listSubscriptions(tx)).find(({ id }) => id === due.id) ?? due;
        const next = afterTry(now, tried, guardMs());
        const kept = now.state === 'ended' ? { ...next, state: now.state } : next;
        await saveSubscription(tx, kept);
        return kept;
      });
      if (tried.kind === 'not_paid') {
        failed(after);
      }
    }
  }
}

/** One payment of a series, as it is asked for. */
export function askOf(subscription: Subscription): PayAsk {
  const { id, counter, offer, quantity, payerNote, amountMsat, maxFeeMsat } = subscription;
  return {
    method: 'bolt12',
    purpose: subscription.purpose,
    amountMsat,
    maxFeeMsat,
    payee: subscription.payee,
    idempotencyKey: subscriptionKey(subscription),
    detail: {
      offer,
      ...(quantity === undefined ? {} : { quantity }),
      ...(payerNote === undefined ? {} : { payer_note: payerNote }),
      series: { counter, label: `cl-hive-${id}` },
    },
  };
}

function tryOf(outcome: PayOutcome): SubscriptionTry {
  if (outcome.kind === 'refused') {
    const { code, message } = outcome.refusal;
    return { kind: 'not_paid', refusal: { code, message } };
  }
  const { outcome: kind, code = 'execution_failed', message = '' } = outcome.answer.outcome;
  switch (kind) {
    case 'executed':
      return { kind: 'paid' };
    case 'unknown':
    case 'pending':
      return { kind: 'open' };
    default:
      return { kind: 'not_paid', refusal: { code, message } };
  }
}

/** Why a subscription of before a restore is not paid. */
const HELD =
  'held: the node was restored, and what was paid since the backup is not known here; end it, and begin another';

function subscriptionView(one: Subscription, guardMs: number, epoch: number): JsonObject {
  const problem = one.epoch === epoch ? one.problem : HELD;
  return {
    subscription: one.id,
    offer: one.offer,
    ...(one.amountMsat === undefined ? {} : { amount_msat: one.amountMsat }),
    purpose: one.purpose,
    every_seconds: one.everyMs / 1000,
    paid: one.counter,
    ...(one.times === undefined ? {} : { times: one.times }),
    next_in_seconds: Math.max(
      0,
      Math.ceil((Math.max(one.dueGuardMs, one.tryGuardMs) - guardMs) / 1000),
    ),
    ...(problem === undefined ? {} : { problem }),
  };
}
