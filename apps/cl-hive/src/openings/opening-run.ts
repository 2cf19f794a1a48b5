import { describeError, type NodeId } from '@cl-hive/core';
import { type LockCommand, mayOpen } from '@cl-hive/hive';
import { certaintyOf, explain } from '@cl-hive/runtime/node';
import { judgeOpening } from './judge-opening.ts';
import type { Lightning, Look } from './lightning-port.ts';
import { FENCE_BLOCKS } from './limits.ts';
import type { LockRunner } from './lock-runner.ts';
import type { OrderReason } from './opening-desk.ts';
import type { OpenPlan, Order } from './order.ts';
import type { OrderBook } from './order-book.ts';
import { reasonOf } from './reasons.ts';
import type { OpeningSettings } from './settings.ts';

type Open = Extract<LockCommand, { readonly kind: 'open' }>;
type Reconcile = Extract<LockCommand, { readonly kind: 'reconcile' }>;

/** What {@link OpeningRun} works with. */
export interface OpeningRunParts {
  readonly lightning: Lightning;
  readonly book: OrderBook;
  readonly lock: () => LockRunner;
  readonly settings: () => OpeningSettings;
  /** Names the running lightningd. */
  readonly instance: () => string;
  readonly log: (level: 'info' | 'unusual', text: string) => void;
}

/**
 * Carries the lock's openings out. What must be known to find one again is on disk before lightningd
 * is asked, it is asked once, and "not opened" is said only when it can never open any more.
 */
export class OpeningRun {
  readonly #parts: OpeningRunParts;
  /** Wishes that lightningd is asked about right now. */
  readonly #asked = new Set<string>();
  /** Coins that are set aside, with the height from which they are given back. */
  readonly #fences = new Map<string, number>();

  constructor(parts: OpeningRunParts) {
    this.#parts = parts;
  }

  /** Opens, and tells the lock what became of it. Never throws. */
  async open({ id, target }: Open): Promise<void> {
    await this.#once(id, async () => {
      const ready = await this.#prepare(id, target);
      if ('plan' in ready) {
        await this.#ask(id, ready.order, ready.plan);
        return;
      }
      await this.#notOpened(id, ready.order, ready.reason);
    });
  }

  /** Looks for an opening whose outcome is unknown. Never throws. */
  async reconcile({ id }: Reconcile): Promise<void> {
    await this.#once(id, async () => {
      const order = this.#parts.book.byWish(id);
      if (order === undefined) {
        this.#parts.log('unusual', `the intent lock has an opening ${id} that no order is about`);
        return;
      }
      if (order.plan === undefined) {
        // The plan is on disk before lightningd is asked.
        await this.#notOpened(
          id,
          order,
          reasonOf('open_failed', 'It was interrupted before that.'),
        );
        return;
      }
      await this.#settle(id, order, order.plan);
    });
  }

  /** Gives coins back whose opening cannot happen any more. */
  async block(height: number): Promise<void> {
    for (const [txid, until] of this.#fences) {
      if (height >= until) {
        this.#fences.delete(txid);
        try {
          await this.#parts.lightning.unfence(txid);
        } catch (error) {
          this.#parts.log('info', `coins stay set aside by ${txid} for now: ${explain(error)}`);
        }
      }
    }
  }

  async #once(id: string, work: () => Promise<void>): Promise<void> {
    if (this.#asked.has(id)) {
      return;
    }
    this.#asked.add(id);
    try {
      await work();
    } catch (error) {
      // On disk it is as it was; it is looked for again.
      this.#parts.log('unusual', `opening ${id}: ${describeError(error)}`);
      await this.#parts.lock().give({ kind: 'outcome', id, outcome: 'unknown' });
    } finally {
      this.#asked.delete(id);
    }
  }

  /** Chooses the coins and judges once more; the plan is on disk when it is given. */
  async #prepare(
    id: string,
    target: NodeId,
  ): Promise<
    | { readonly order: Order; readonly plan: OpenPlan }
    | { readonly order: Order | undefined; readonly reason: OrderReason }
  > {
    const { book, lightning, settings, instance } = this.#parts;
    const order = book.byWish(id);
    if (order === undefined) {
      return { order, reason: reasonOf('open_failed') };
    }
    const verdict = await judgeOpening(lightning, book, settings(), { ...order, target });
    if (verdict.kind !== 'allow') {
      return { order, reason: verdict.reason };
    }
    let plan: OpenPlan;
    try {
      const funding = await lightning.fund(order);
      if (typeof funding === 'string') {
        return { order, reason: reasonOf('no_coins', funding) };
      }
      const before = await lightning.knownChannels(target);
      plan = { utxos: funding.utxos, perKw: funding.perKw, before, instance: instance() };
    } catch (error) {
      return { order, reason: reasonOf('node_silent', explain(error)) };
    }
    const planned = await book.change(order.id, { state: 'opening', plan });
    return planned === undefined ? { order, reason: reasonOf('person') } : { order: planned, plan };
  }

  async #ask(id: string, order: Order, plan: OpenPlan): Promise<void> {
    const { lightning, log } = this.#parts;
    const lock = this.#parts.lock();
    // Nothing is awaited between this question and the call.
    if (!mayOpen(lock.state, id, lock.now())) {
      await this.#notOpened(id, order, reasonOf('moment_passed'));
      return;
    }
    try {
      const opened = await lightning.open(order.target, order.amountSat, plan);
      await this.#opened(id, order, opened);
    } catch (error) {
      const certainty = certaintyOf(error);
      log('unusual', `opening ${order.id}: ${explain(error)}`);
      if (certainty === 'never') {
        await this.#notOpened(id, order, reasonOf('open_failed', explain(error)));
        return;
      }
      const look = await this.#look(order, plan);
      if (look?.kind === 'there') {
        await this.#opened(id, order, look);
      } else if (look?.kind === 'absent' && certainty === 'ended') {
        await this.#notOpened(id, order, reasonOf('open_failed', explain(error)));
      } else {
        await lock.give({ kind: 'outcome', id, outcome: 'unknown' });
      }
    }
  }

  async #look({ target, amountSat }: Order, plan: OpenPlan): Promise<Look | undefined> {
    try {
      return await this.#parts.lightning.look(target, amountSat, plan);
    } catch (error) {
      this.#parts.log('unusual', `an opening could not be looked for: ${explain(error)}`);
      return undefined;
    }
  }

  /** Says what became of an opening only where it is sure: there, or never. */
  async #settle(id: string, order: Order, plan: OpenPlan): Promise<void> {
    const { lightning, instance, book } = this.#parts;
    const look = await this.#look(order, plan);
    if (look?.kind === 'there') {
      await this.#opened(id, order, look);
      return;
    }
    if (look?.kind !== 'absent') {
      return;
    }
    if (plan.instance === instance()) {
      const txid = await lightning.fence(plan);
      if (txid === undefined) {
        return;
      }
      this.#fences.set(txid, book.height + FENCE_BLOCKS);
      const again = await this.#look(order, plan);
      if (again?.kind !== 'absent') {
        return;
      }
    }
    // Else it was asked of a lightningd that ended: what it had not kept is gone with it.
    await this.#notOpened(
      id,
      order,
      reasonOf('open_failed', 'It was looked for, and is not there.'),
    );
  }

  async #opened(
    id: string,
    order: Order,
    { outpoint, channelId }: { readonly outpoint?: string; readonly channelId?: string },
  ): Promise<void> {
    const { book, log } = this.#parts;
    if (channelId !== undefined) {
      await book.change(order.id, { channelId });
    }
    log('info', `opened a channel of ${order.amountSat} sat with ${order.target}`);
    await this.#parts.lock().give({
      kind: 'outcome',
      id,
      outcome: 'opened',
      ...(outpoint === undefined ? {} : { marker: outpoint }),
    });
  }

  async #notOpened(id: string, order: Order | undefined, reason: OrderReason): Promise<void> {
    if (order !== undefined) {
      await this.#parts.book.change(order.id, { reason });
    }
    await this.#parts.lock().give({ kind: 'outcome', id, outcome: 'not_opened' });
  }
}
