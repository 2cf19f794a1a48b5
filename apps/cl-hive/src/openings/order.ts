import type { NodeId } from '@cl-hive/core';
import type { Spending, Wish } from '@cl-hive/hive';
import { BLOCK_MS, WISHES_PER_ORDER_MAX } from './limits.ts';
import { isOver, type OrderKind, type OrderReason, type OrderState } from './opening-desk.ts';
import { reasonOf } from './reasons.ts';

/** What was stored right before lightningd was asked, so that its effect can be found again. */
export interface OpenPlan {
  /** Coins that only this opening may spend, `txid:outnum`. */
  readonly utxos: readonly string[];
  readonly perKw: number;
  /** Channels with the target that were there already. */
  readonly before: readonly string[];
  /** The run of lightningd that was asked. */
  readonly instance: string;
}

/** An order as it is stored. */
export interface Order {
  readonly id: string;
  readonly kind: OrderKind;
  readonly target: NodeId;
  readonly amountSat: bigint;
  /** Bound of the fee that was judged, sat. */
  readonly feeSat: bigint;
  readonly feerate: string;
  readonly wanted: string;
  readonly proposedBy: string;
  readonly state: OrderState;
  /** A person said yes. */
  readonly approved: boolean;
  /** Id in the lock; a new one for each time the hive is asked. */
  readonly wish: string;
  /** How often the hive was asked. */
  readonly wishes: number;
  readonly reason?: OrderReason;
  readonly actionId?: number;
  /** Block height from which nobody's yes is waited for any more. */
  readonly expires?: number;
  /** The channel, of orders about one. */
  readonly channel?: string;
  readonly plan?: OpenPlan;
  readonly outpoint?: string;
  readonly channelId?: string;
  /** Block height at which it was done. */
  readonly doneAt?: number;
  readonly madeAt: number;
  readonly changedAt: number;
}

/** What an order changes to. */
export type OrderChange = Partial<Omit<Order, 'id' | 'kind' | 'target' | 'madeAt'>>;

/** Applies a change, which says the reason anew; `now` is a label. */
export function changed(order: Order, change: OrderChange, now: number): Order {
  const { reason: _, plan, ...rest } = order;
  // A plan is of one wish: the next one makes its own.
  const kept = plan === undefined || change.wish !== undefined ? {} : { plan };
  return { ...rest, ...kept, ...change, changedAt: now };
}

/**
 * What counts against the owner's budget: money that was spent, by the height it left at, and money
 * that may still leave. Closing and splicing out spend nothing but fees, which the person saw.
 */
export function spendingOf(orders: Iterable<Order>, but?: string): readonly Spending[] {
  const found: Spending[] = [];
  for (const order of orders) {
    const { id, kind, state, amountSat, feeSat, doneAt = 0 } = order;
    if (id === but || (kind !== 'open' && kind !== 'splice_in')) {
      continue;
    }
    if (state === 'done') {
      found.push({ amountSat: amountSat + feeSat, at: doneAt * BLOCK_MS, settled: true });
    } else if (!isOver(state) && state !== 'proposed') {
      found.push({ amountSat: amountSat + feeSat, at: 0, settled: false });
    }
  }
  return found;
}

/** What the lock's view of an opening makes of its order; undefined when nothing changes. */
export type Followed =
  | { readonly kind: 'change'; readonly change: OrderChange }
  /** The hive must be asked, for the first time or anew. */
  | { readonly kind: 'ask' }
  /** A person must be asked: members of other software could contest it. */
  | { readonly kind: 'propose' }
  /** The lock must be told that a person said yes. */
  | { readonly kind: 'approve' };

/** Follows the wish of an order that is not over; `height` is the chain's. */
export function follow(order: Order, wish: Wish | undefined, height: number): Followed | undefined {
  if (order.kind !== 'open' || isOver(order.state) || order.state === 'proposed') {
    return undefined;
  }
  if (wish === undefined) {
    return order.state === 'waiting' ? { kind: 'ask' } : undefined;
  }
  switch (wish.phase) {
    case 'approval':
      return { kind: order.approved ? 'approve' : 'propose' };
    case 'waiting':
    case 'gathering':
      return wait(order, wish);
    case 'opening':
      return order.state === 'opening' ? undefined : change({ state: 'opening' });
    case 'unknown':
      return order.state === 'unknown'
        ? undefined
        : change({ state: 'unknown', reason: reasonOf('outcome_unknown') });
    case 'opened':
      return change({
        state: 'done',
        doneAt: height,
        ...(wish.outcome === undefined ? {} : { outpoint: wish.outcome }),
      });
    case 'failed':
      return afterFailure(order);
    case 'cancelled':
      return change({ state: 'cancelled', reason: order.reason ?? reasonOf('person') });
    case 'given_up':
      return change({ state: 'given_up', reason: reasonOf(wish.reason ?? 'no_quorum') });
  }
}

const change = (to: OrderChange): Followed => ({ kind: 'change', change: to });

function wait(order: Order, { reason }: Wish): Followed | undefined {
  const now = reason === undefined ? undefined : reasonOf(reason);
  return order.state === 'waiting' && order.reason?.code === now?.code
    ? undefined
    : change({ state: 'waiting', ...(now === undefined ? {} : { reason: now }) });
}

/** Nothing was opened, for sure. Only where nothing was wrong but the moment, the hive is asked anew. */
function afterFailure(order: Order): Followed {
  const again = order.reason?.code === 'moment_passed' && order.wishes < WISHES_PER_ORDER_MAX;
  return again
    ? { kind: 'ask' }
    : change({ state: 'failed', reason: order.reason ?? reasonOf('open_failed') });
}
