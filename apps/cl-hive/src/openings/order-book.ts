import type { Clock, JsonObject } from '@cl-hive/core';
import type { Spending } from '@cl-hive/hive';
import type { Store } from '@cl-hive/store';
import { type ActionStatus, insertAction, setActionStatus } from '../actions-queue/action-store.ts';
import type { HiveDatabase } from '../store/database.ts';
import { BLOCK_MS, PROPOSAL_BLOCKS } from './limits.ts';
import { isOver } from './opening-desk.ts';
import { changed, type Order, type OrderChange, spendingOf } from './order.ts';
import { doneSince, insertOrder, liveOrders, orderOf, updateOrder } from './order-store.ts';

/** Names of the kinds of orders in `hive-pending-actions`; the first is the original's. */
const ACTION_TYPES = {
  open: 'channel_open',
  splice_in: 'splice_in',
  splice_out: 'splice_out',
  close: 'channel_close',
} as const;

/** What became of an action whose order is over. */
function statusOf({ state }: Order): ActionStatus {
  switch (state) {
    case 'done':
      return 'executed';
    case 'rejected':
    case 'cancelled':
      return 'rejected';
    case 'expired':
      return 'expired';
    case 'proposed':
      return 'pending';
    case 'waiting':
    case 'opening':
    case 'unknown':
      return 'approved';
    case 'failed':
    case 'given_up':
      return 'failed';
  }
}

/**
 * All orders: those that are not over in memory as they are on disk. Each change is on disk with its
 * action before anybody is told.
 */
export class OrderBook {
  readonly #store: Store<HiveDatabase>;
  readonly #clock: Clock;
  readonly #live = new Map<string, Order>();
  readonly #told: (order: Order) => void;
  /** Orders done in the last day of blocks, by id. */
  readonly #done = new Map<string, Order>();
  #height = 0;

  constructor(store: Store<HiveDatabase>, clock: Clock, told: (order: Order) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#told = told;
  }

  get height(): number {
    return this.#height;
  }

  /** Reads what is not over, at block height `height`. */
  async load(height: number): Promise<void> {
    this.#height = height;
    for (const order of await liveOrders(this.#store.reader)) {
      this.#live.set(order.id, order);
    }
    for (const order of await doneSince(this.#store.reader, height - PROPOSAL_BLOCKS)) {
      this.#done.set(order.id, order);
    }
  }

  /** A new block; heights never fall. */
  block(height: number): void {
    this.#height = Math.max(this.#height, height);
    for (const { id, doneAt = 0 } of this.#done.values()) {
      if (this.#height - doneAt >= PROPOSAL_BLOCKS) {
        this.#done.delete(id);
      }
    }
  }

  /** Orders that are not over, the oldest first. */
  get live(): readonly Order[] {
    return [...this.#live.values()];
  }

  byWish(wish: string): Order | undefined {
    return this.live.find((order) => order.wish === wish);
  }

  async find(id: string): Promise<Order | undefined> {
    return this.#live.get(id) ?? (await orderOf(this.#store.reader, id));
  }

  /** What counts against the budget, and the guard time to judge it at. */
  spending(but?: string): { readonly spending: readonly Spending[]; readonly now: number } {
    const orders = [...this.#live.values(), ...this.#done.values()];
    return { spending: spendingOf(orders, but), now: this.#height * BLOCK_MS };
  }

  /** Keeps a new order; one that is proposed waits in `hive-pending-actions` from now on. */
  async add(order: Order): Promise<Order> {
    const kept = await this.#store.transact(async (transactor) => {
      const proposed = order.state === 'proposed' ? await this.#propose(transactor, order) : order;
      await insertOrder(transactor, proposed);
      return proposed;
    });
    this.#keep(kept);
    return kept;
  }

  /** Changes an order that is not over; gives what it is now. */
  async change(id: string, change: OrderChange): Promise<Order | undefined> {
    const before = this.#live.get(id);
    if (before === undefined) {
      return undefined;
    }
    const next = changed(before, change, this.#clock.now());
    const kept = await this.#store.transact(async (transactor) => {
      const asks = next.state === 'proposed' && before.state !== 'proposed';
      const proposed = asks ? await this.#propose(transactor, next) : next;
      if (!asks && proposed.actionId !== undefined) {
        await setActionStatus(transactor, proposed.actionId, statusOf(proposed));
      }
      await updateOrder(transactor, proposed);
      return proposed;
    });
    this.#keep(kept);
    return kept;
  }

  #keep(order: Order): void {
    if (isOver(order.state)) {
      this.#live.delete(order.id);
      if (order.doneAt !== undefined) {
        this.#done.set(order.id, order);
      }
    } else {
      this.#live.set(order.id, order);
    }
    this.#told(order);
  }

  async #propose(transactor: Parameters<typeof insertAction>[0], order: Order): Promise<Order> {
    const proposedAt = Math.floor(this.#clock.now() / 1000);
    const actionId = await insertAction(transactor, {
      type: ACTION_TYPES[order.kind],
      payload: payloadOf(order, proposedAt),
      orderId: order.id,
      proposedAt,
      expiresAt: proposedAt + (PROPOSAL_BLOCKS * BLOCK_MS) / 1000,
    });
    return { ...order, actionId, expires: this.#height + PROPOSAL_BLOCKS };
  }
}

/** What scripts for the original read, and what a person needs to decide. */
function payloadOf(order: Order, timestamp: number): JsonObject {
  const { id, target, amountSat, feeSat, wanted, proposedBy, reason, channel, wish } = order;
  const context = {
    channel_size_sats: Number(amountSat),
    fee_sats_max: Number(feeSat),
    intent_id: wish,
    sizing_reasoning: wanted,
  };
  return {
    target,
    amount_sats: Number(amountSat),
    reason: wanted,
    source: proposedBy,
    context,
    timestamp,
    order_id: id,
    ...(channel === undefined ? {} : { channel_id: channel }),
    ...(reason === undefined ? {} : { why_a_person: { ...reason } }),
  };
}
