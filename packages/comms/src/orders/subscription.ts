import type { Msat, NodeId } from '@cl-hive/core';
import type { Refusal } from '../pipeline/reason.ts';

/** An offer that is paid again each period, by guard time: steps of the wall clock move nothing. */
export interface Subscription {
  readonly id: number;
  readonly state: 'active' | 'ended';
  /**
   * How often the node had been restored when it began. In a later epoch it is held: what was paid after
   * the backup is not known here.
   */
  readonly epoch: number;
  /** Number of the next payment, from 0. */
  readonly counter: number;
  /** Guard time in ms from which the next payment is due; its period ends `everyMs` later. */
  readonly dueGuardMs: number;
  /** Guard time in ms before which it is not tried again. */
  readonly tryGuardMs: number;
  readonly everyMs: number;
  /** Payments in all; undefined for no end. */
  readonly times: number | undefined;
  readonly offer: string;
  readonly amountMsat: Msat | undefined;
  readonly maxFeeMsat: Msat | undefined;
  readonly payee: NodeId | undefined;
  readonly quantity: number | undefined;
  readonly payerNote: string | undefined;
  readonly purpose: string;
  /** Why the last try came to nothing; undefined after a payment. */
  readonly problem: string | undefined;
}

/** What a try came to. */
export type SubscriptionTry =
  | { readonly kind: 'paid' }
  /** It may have been paid, and is looked for. */
  | { readonly kind: 'open' }
  /** Surely not paid. */
  | { readonly kind: 'not_paid'; readonly refusal: Pick<Refusal, 'code' | 'message'> };

/** How long after a try that came to nothing the same payment is tried again, in ms. */
export const SUBSCRIPTION_RETRY_MS = 3_600_000;

/** How soon one that may have been paid is asked after again, in ms. */
const OPEN_RETRY_MS = 60_000;

/** The idempotency key of the next payment: of each period at most one is made. */
export function subscriptionKey({ id, counter }: Pick<Subscription, 'id' | 'counter'>): string {
  return `subscription-${id}-${counter}`;
}

/** Whether the next payment is to be tried at `guardMs`, in the node's epoch. */
export function isDue(
  { state, epoch, dueGuardMs, tryGuardMs }: Subscription,
  now: { readonly guardMs: number; readonly epoch: number },
): boolean {
  const held = epoch !== now.epoch;
  return state === 'active' && !held && now.guardMs >= dueGuardMs && now.guardMs >= tryGuardMs;
}

function next(subscription: Subscription, guardMs: number): Subscription {
  const { counter, dueGuardMs, everyMs, times } = subscription;
  // Periods that went by unpaid stay so: nobody asked for several payments at once.
  const passed = Math.max(1, Math.floor((guardMs - dueGuardMs) / everyMs));
  const due = dueGuardMs + passed * everyMs;
  const done = times !== undefined && counter + 1 >= times;
  return {
    ...subscription,
    counter: counter + 1,
    dueGuardMs: due,
    tryGuardMs: due,
    state: done ? 'ended' : 'active',
  };
}

/** The subscription after a try. What may have been paid is never left for the next period. */
export function afterTry(
  subscription: Subscription,
  tried: SubscriptionTry,
  guardMs: number,
): Subscription {
  switch (tried.kind) {
    case 'paid':
      return { ...next(subscription, guardMs), problem: undefined };
    case 'open':
      return { ...subscription, tryGuardMs: guardMs + OPEN_RETRY_MS, problem: 'not known yet' };
    case 'not_paid': {
      const { code, message } = tried.refusal;
      const problem = `${code}: ${message}`;
      const over =
        guardMs + SUBSCRIPTION_RETRY_MS >= subscription.dueGuardMs + subscription.everyMs;
      return over
        ? { ...next(subscription, guardMs), problem }
        : { ...subscription, tryGuardMs: guardMs + SUBSCRIPTION_RETRY_MS, problem };
    }
  }
}
