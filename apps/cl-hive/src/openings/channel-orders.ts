import type { NodeId } from '@cl-hive/core';
import { judgeSpending } from '@cl-hive/hive';
import { certaintyOf, explain } from '@cl-hive/runtime/node';
import type { Channels, OwnChannel } from './channel-port.ts';
import type { Lightning } from './lightning-port.ts';
import { CHANNEL_SETTLE_MS } from './limits.ts';
import type { OrderReason } from './opening-desk.ts';
import type { OpenPlan, Order } from './order.ts';
import type { OrderBook } from './order-book.ts';
import { reasonOf } from './reasons.ts';
import { budgetOf, type OpeningSettings } from './settings.ts';

/** Something that is wanted of a channel; a person always decides. */
export interface ChannelRequest {
  /** As that of an opening. */
  readonly id: string;
  readonly kind: 'splice_in' | 'splice_out' | 'close';
  /** Channel id or short channel id. */
  readonly channel: string;
  /** Of a splice. */
  readonly amountSat?: bigint;
  readonly reason: string;
  readonly proposedBy: string;
}

/** A request whose channel was found. */
export interface FoundChannel {
  readonly target: NodeId;
  readonly channel: string;
  readonly amountSat: bigint;
  readonly feeSat: bigint;
}

/** States of a channel that is being closed with its peer's consent. */
const CLOSING: ReadonlySet<string> = new Set([
  'CHANNELD_SHUTTING_DOWN',
  'CLOSINGD_SIGEXCHANGE',
  'CLOSINGD_COMPLETE',
  'FUNDING_SPEND_SEEN',
  'ONCHAIN',
]);

/** What {@link ChannelOrders} work with. */
export interface ChannelOrdersParts {
  readonly channels: Channels;
  readonly lightning: Lightning;
  readonly book: OrderBook;
  readonly settings: () => OpeningSettings;
  readonly instance: () => string;
  /** Guard time, ms. */
  readonly now: () => number;
  readonly log: (level: 'info' | 'unusual', text: string) => void;
}

/** Splices and agreed closes: written down before lightningd is asked, asked once, looked for after. */
export class ChannelOrders {
  readonly #parts: ChannelOrdersParts;
  readonly #asked = new Set<string>();
  /** When an order's effect was first looked for in vain. */
  readonly #missing = new Map<string, number>();

  constructor(parts: ChannelOrdersParts) {
    this.#parts = parts;
  }

  /** Finds the channel of a request and judges it, as if a person had said yes. */
  async judge(
    request: Pick<ChannelRequest, 'kind' | 'channel' | 'amountSat'>,
    but?: string,
  ): Promise<FoundChannel | OrderReason> {
    const { channels, lightning, book, settings } = this.#parts;
    const amountSat = request.kind === 'close' ? 0n : (request.amountSat ?? 0n);
    if (request.kind !== 'close' && amountSat <= 0n) {
      return reasonOf('bad_amount');
    }
    try {
      const found = await channels.find(request.channel);
      if (found === undefined) {
        return reasonOf('channel_unknown');
      }
      if (!fits(request.kind, found)) {
        return reasonOf('channel_state', `It is ${found.state}.`);
      }
      const { peer: target, channelId: channel, capacitySat } = found;
      if (request.kind === 'splice_out' && amountSat >= capacitySat) {
        return reasonOf('bad_amount');
      }
      const feeSat = await lightning.feeSat(amountSat, 'urgent');
      if (feeSat === undefined) {
        return reasonOf('no_estimate');
      }
      if (request.kind === 'splice_in') {
        const onChainSat = await lightning.freeSat();
        const { spending, now } = book.spending(but);
        const asked = { amountSat: amountSat + feeSat, onChainSat, approvedByPerson: true };
        const limits = settings();
        const budget = budgetOf(limits, onChainSat);
        const verdict = judgeSpending(limits.mode, budget, spending, asked, now);
        if (verdict.kind !== 'allow') {
          return reasonOf(verdict.code, `Free on chain: ${onChainSat} sat.`);
        }
      }
      return { target, channel, amountSat, feeSat };
    } catch (error) {
      return reasonOf('node_silent', explain(error));
    }
  }

  /** Carries an approved order out. Never rejects. */
  async carryOut(id: string): Promise<void> {
    await this.#once(id, async (order) => {
      const channel = await this.#parts.channels.find(order.channel ?? '');
      if (channel === undefined || !fits(order.kind, channel)) {
        await this.#fail(order, reasonOf('channel_state', channel?.state ?? ''));
        return;
      }
      const plan: OpenPlan = {
        utxos: [],
        perKw: 0,
        before: channel.fundings,
        instance: this.#parts.instance(),
      };
      const planned = await this.#parts.book.change(id, { state: 'opening', plan });
      if (planned !== undefined) {
        await this.#ask(planned, plan);
      }
    });
  }

  /** Looks for what was interrupted or is not known. Never rejects. */
  async look(): Promise<void> {
    for (const { id, kind, state } of this.#parts.book.live) {
      if (kind !== 'open' && (state === 'opening' || state === 'unknown' || state === 'waiting')) {
        await this.#once(id, (order) =>
          order.plan === undefined
            ? this.#fail(order, reasonOf('open_failed', 'It was interrupted before that.'))
            : this.#settle(order, order.plan, false),
        );
      }
    }
  }

  async #once(id: string, work: (order: Order) => Promise<void>): Promise<void> {
    const order = this.#parts.book.live.find((one) => one.id === id);
    if (order === undefined || this.#asked.has(id)) {
      return;
    }
    this.#asked.add(id);
    try {
      await work(order);
    } catch (error) {
      this.#parts.log('unusual', `order ${id}: ${explain(error)}`);
    } finally {
      this.#asked.delete(id);
    }
  }

  async #ask(order: Order, plan: OpenPlan): Promise<void> {
    const { channels, log } = this.#parts;
    const { kind, channel = '', amountSat } = order;
    try {
      if (kind === 'close') {
        await channels.closeAgreed(channel);
      } else if (kind === 'splice_in') {
        await channels.spliceIn(channel, amountSat);
      } else {
        await channels.spliceOut(channel, amountSat);
      }
      await this.#done(order);
    } catch (error) {
      log('unusual', `${kind} of ${channel}: ${explain(error)}`);
      if (certaintyOf(error) === 'never') {
        await this.#fail(order, reasonOf('order_failed', explain(error)));
      } else {
        await this.#settle(order, plan, certaintyOf(error) === 'ended', explain(error));
      }
    }
  }

  /** What the channel shows; `ended` says that lightningd is at it no more. */
  async #settle(order: Order, plan: OpenPlan, ended: boolean, why?: string): Promise<void> {
    const { channels, book, instance, now } = this.#parts;
    const channel = await channels.find(order.channel ?? '');
    if (isThere(order, plan, channel)) {
      await this.#done(order);
      return;
    }
    const first = this.#missing.get(order.id) ?? now();
    this.#missing.set(order.id, first);
    const over = ended || plan.instance !== instance() || now() - first >= CHANNEL_SETTLE_MS;
    if (over && channel?.state !== 'CHANNELD_AWAITING_SPLICE') {
      await this.#fail(order, reasonOf('order_failed', why));
    } else if (order.state !== 'unknown') {
      await book.change(order.id, { state: 'unknown', reason: reasonOf('order_unknown') });
    }
  }

  async #done(order: Order): Promise<void> {
    const { book } = this.#parts;
    this.#missing.delete(order.id);
    await book.change(order.id, { state: 'done', doneAt: book.height });
  }

  async #fail(order: Order, reason: OrderReason): Promise<void> {
    this.#missing.delete(order.id);
    await this.#parts.book.change(order.id, { state: 'failed', reason });
  }
}

function fits(kind: Order['kind'], { state }: OwnChannel): boolean {
  return kind === 'close' ? !CLOSING.has(state) : state === 'CHANNELD_NORMAL';
}

function isThere({ kind }: Order, plan: OpenPlan, channel: OwnChannel | undefined): boolean {
  if (kind === 'close') {
    return channel === undefined || CLOSING.has(channel.state);
  }
  return channel?.fundings.some((txid) => !plan.before.includes(txid)) ?? false;
}
