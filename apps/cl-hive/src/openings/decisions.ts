import type { ChannelOrders } from './channel-orders.ts';
import type { OpeningQuestion, Verdict } from './judge-opening.ts';
import type { LockRunner } from './lock-runner.ts';
import type { OpeningView, OrderReason, OrderState } from './opening-desk.ts';
import type { Order } from './order.ts';
import type { OrderBook } from './order-book.ts';
import { reasonOf } from './reasons.ts';
import type { Serial } from './serial.ts';

/** What {@link Decisions} work with. */
export interface DecisionsParts {
  readonly line: Serial;
  readonly book: OrderBook;
  readonly lock: LockRunner;
  readonly channels: ChannelOrders;
  readonly judge: (question: OpeningQuestion) => Promise<Verdict>;
  readonly newId: () => string;
  /** Brings orders in line with the lock, soon. */
  readonly follow: () => void;
  readonly view: (order: Order) => OpeningView;
}

/** What persons, and the passing of blocks, decide about orders. */
export class Decisions {
  readonly #parts: DecisionsParts;

  constructor(parts: DecisionsParts) {
    this.#parts = parts;
  }

  /**
   * A person's yes to an order that is proposed: judged once more, then it waits for the hive, or, if
   * it is about a channel, is carried out. Gives why not, where it cannot be.
   */
  approve(id: string, amountSat?: bigint): Promise<OpeningView | OrderReason> {
    const { line, view, channels } = this.#parts;
    return line.run(async () => {
      const order = this.#live(id);
      if (order?.state !== 'proposed') {
        return reasonOf('bad_request', 'It does not wait for a person.');
      }
      if (order.kind === 'open') {
        return this.#approveOpening(order, amountSat ?? order.amountSat);
      }
      const { kind, channel = '', amountSat: proposed } = order;
      const found = await channels.judge({ kind, channel, amountSat: amountSat ?? proposed }, id);
      if ('code' in found) {
        return found;
      }
      const kept = await this.#parts.book.change(id, {
        state: 'waiting',
        approved: true,
        amountSat: found.amountSat,
        feeSat: found.feeSat,
      });
      void channels.carryOut(id);
      return view(kept ?? order);
    });
  }

  async #approveOpening(order: Order, amountSat: bigint): Promise<OpeningView | OrderReason> {
    const { book, lock, judge, newId, follow, view } = this.#parts;
    const asked = lock.state.tables.wishes.has(order.wish);
    const verdict = await judge({ ...order, amountSat, approved: true });
    if (verdict.kind !== 'allow') {
      return verdict.reason;
    }
    const fresh = asked && amountSat !== order.amountSat;
    if (fresh) {
      // The hive was asked for the other amount.
      await lock.give({ kind: 'cancel', id: order.wish });
    }
    const kept = await book.change(order.id, {
      state: 'waiting',
      approved: true,
      amountSat,
      feeSat: verdict.feeSat,
      ...(fresh ? { wish: newId() } : {}),
    });
    follow();
    return view(kept ?? order);
  }

  /** Takes an order back; one that lightningd was asked for goes on. */
  cancel(id: string, reason: string): Promise<OpeningView | undefined> {
    return this.#end(id, 'cancelled', reasonOf('person', reason));
  }

  /** A person's no to what is proposed. */
  reject(id: string, reason: string): Promise<OpeningView | undefined> {
    return this.#end(id, 'rejected', reasonOf('person', reason));
  }

  #end(
    id: string,
    state: 'cancelled' | 'rejected',
    reason: OrderReason,
  ): Promise<OpeningView | undefined> {
    const { line, book, lock, view } = this.#parts;
    return line.run(async () => {
      const order = await book.find(id);
      if (order === undefined) {
        return undefined;
      }
      if (order.state === 'proposed') {
        await this.#close(order, state, reason);
      } else if (order.state === 'waiting' && order.kind === 'open') {
        await book.change(id, { reason });
        if (lock.state.tables.wishes.has(order.wish)) {
          await lock.give({ kind: 'cancel', id: order.wish });
        } else {
          await book.change(id, { state, reason });
        }
      }
      return view((await book.find(id)) ?? order);
    });
  }

  /** Ends a proposal, in the lock too where it had asked already. */
  async #close(order: Order, state: OrderState, reason: OrderReason): Promise<void> {
    await this.#parts.book.change(order.id, { state, reason });
    await this.#parts.lock.give({ kind: 'cancel', id: order.wish });
  }

  /** A person's word over the majority's; gives why not, where there is nothing to overrule. */
  overrule(id: string): Promise<OpeningView | OrderReason> {
    const { line, book, lock, view } = this.#parts;
    return line.run(async () => {
      const order = this.#live(id);
      const wish = order && lock.state.tables.wishes.get(order.wish);
      const waits = wish?.phase === 'waiting' || wish?.phase === 'gathering';
      if (order?.state !== 'waiting' || !waits) {
        return reasonOf('bad_request', 'It does not wait for the hive.');
      }
      await book.change(id, { approved: true, reason: reasonOf('overruled') });
      await lock.give({ kind: 'overrule', id: order.wish });
      return view((await book.find(id)) ?? order);
    });
  }

  /** Ends what nobody decided in time, by the height that the book knows. */
  expire(): Promise<void> {
    const { line, book } = this.#parts;
    return line.run(async () => {
      for (const order of book.live) {
        const { state, expires } = order;
        if (state === 'proposed' && expires !== undefined && book.height >= expires) {
          await this.#close(order, 'expired', reasonOf('expired'));
        }
      }
    });
  }

  #live(id: string): Order | undefined {
    return this.#parts.book.live.find((one) => one.id === id);
  }
}
