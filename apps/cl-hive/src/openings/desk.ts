import type { Clock, NodeId } from '@cl-hive/core';
import type { LockRow } from '@cl-hive/hive';
import { describeWishes } from '@cl-hive/hive';
import { explain } from '@cl-hive/runtime/node';
import type { Store } from '@cl-hive/store';
import type { Line } from '../line/line.ts';
import type { HiveDatabase } from '../store/database.ts';
import { ChannelOrders, type ChannelRequest } from './channel-orders.ts';
import type { Channels } from './channel-port.ts';
import { Decisions } from './decisions.ts';
import type { HivePort } from './hive-port.ts';
import {
  judgeOpening,
  labelProblem,
  pendingReason,
  requestProblem,
  targetRefusal,
} from './judge-opening.ts';
import type { Lightning } from './lightning-port.ts';
import { ORDERS_LIVE_MAX, PAGE_MAX } from './limits.ts';
import { LockRunner } from './lock-runner.ts';
import {
  isOver,
  type OpeningDesk,
  type OpeningPage,
  type OpeningRequest,
  type OpeningView,
  type OrderReason,
  type OrderState,
} from './opening-desk.ts';
import { OpeningRun } from './opening-run.ts';
import { viewOf } from './opening-view.ts';
import { follow, type Order } from './order.ts';
import { OrderBook } from './order-book.ts';
import { doneSince, listOrders } from './order-store.ts';
import { reasonOf } from './reasons.ts';
import { Serial } from './serial.ts';
import type { OpeningSettings } from './settings.ts';

/** What the desk works with. */
export interface DeskParts {
  readonly self: NodeId;
  readonly store: Store<HiveDatabase>;
  readonly lightning: Lightning;
  readonly channels: Channels;
  readonly hive: HivePort;
  readonly settings: () => OpeningSettings;
  readonly clock: Clock;
  readonly line: Pick<Line, 'run'>;
  /** Guard time. */
  readonly now: () => number;
  /** The lock's rows ({@link readLock}). */
  readonly stored: readonly LockRow[];
  readonly log: (level: 'info' | 'unusual', text: string) => void;
  /** Names the running lightningd. */
  readonly instance: () => string;
  /** A new id, 32 hexadecimal digits, that nobody can guess. */
  readonly newId: () => string;
}

/** The opening desk on the intent lock, a store and lightningd. */
export class Desk implements OpeningDesk {
  readonly lock: LockRunner;
  readonly book: OrderBook;
  readonly decisions: Decisions;
  readonly #parts: DeskParts;
  readonly #channels: ChannelOrders;
  readonly #run: OpeningRun;
  readonly #line = new Serial();
  readonly #listeners = new Set<(view: OpeningView) => void>();
  #following = false;

  constructor(parts: DeskParts) {
    const { self, store, hive, clock, log, lightning, settings, instance } = parts;
    this.#parts = parts;
    this.book = new OrderBook(store, clock, (order) => this.#tell(order));
    this.lock = new LockRunner({
      self,
      hive,
      log,
      stored: parts.stored,
      liars: settings().liars,
      line: parts.line,
      now: parts.now,
      open: (command) => void this.#run.open(command),
      reconcile: (command) => void this.#run.reconcile(command),
      changed: () => this.#follow(),
    });
    this.#run = new OpeningRun({
      lightning,
      book: this.book,
      lock: () => this.lock,
      settings,
      instance,
      log,
    });
    const { channels, now } = parts;
    this.#channels = new ChannelOrders({
      channels,
      lightning,
      book: this.book,
      settings,
      instance,
      now,
      log,
    });
    this.decisions = new Decisions({
      line: this.#line,
      book: this.book,
      lock: this.lock,
      channels: this.#channels,
      judge: (order) => judgeOpening(lightning, this.book, settings(), order),
      newId: parts.newId,
      follow: () => this.#follow(),
      view: (order) => this.#view(order),
    });
  }

  /** Looks for splices and closes whose outcome is not known. */
  async look(): Promise<void> {
    await this.#channels.look();
  }

  /** Goes on with what was under way, at a block height and with the channels of the fleet known. */
  async start(height: number, channels: ReadonlyMap<NodeId, readonly NodeId[]>): Promise<void> {
    await this.book.load(height);
    await this.lock.start(height, channels);
    this.#follow();
  }

  /** A new block: windows end, proposals expire, coins come back. */
  async block(height: number): Promise<void> {
    this.book.block(height);
    await this.lock.give({ kind: 'block', height });
    await this.decisions.expire();
    await this.#run.block(height);
  }

  /** Waits for what is being decided. */
  async stop(): Promise<void> {
    await this.#line.idle();
  }

  request(request: OpeningRequest): Promise<OpeningView> {
    return this.#line.run(() => this.#request(request, false));
  }

  /** The same, where a person asks: it goes without another's yes. */
  requestByPerson(request: OpeningRequest): Promise<OpeningView> {
    return this.#line.run(() => this.#request(request, true));
  }

  async #request(request: OpeningRequest, approved: boolean): Promise<OpeningView> {
    const { lightning, settings, self, hive, newId } = this.#parts;
    const { target, capacitySat: amountSat, feerate = 'normal' } = request;
    const known = requestProblem(request) ?? (await this.#known(request));
    if (known !== undefined) {
      return 'code' in known ? this.#refused(request, known) : this.#view(known);
    }
    const refusal = targetRefusal(target, self, hive.standing(), this.book.live);
    if (refusal !== undefined) {
      return this.#refused(request, refusal);
    }
    const question = { target, amountSat, feerate, approved };
    const verdict = await judgeOpening(lightning, this.book, settings(), question);
    if (verdict.kind === 'refuse') {
      return this.#refused(request, verdict.reason);
    }
    const asked = request.askPerson === true && verdict.kind === 'allow';
    const { feeSat } = verdict;
    const order: Order = {
      ...this.#draft(request),
      feeSat,
      approved,
      wish: newId(),
      wishes: 1,
      state: verdict.kind === 'propose' || asked ? 'proposed' : 'waiting',
      ...(verdict.kind === 'propose' ? { reason: verdict.reason } : {}),
      ...(asked ? { reason: reasonOf('person_asked_for') } : {}),
    };
    if (request.dryRun === true) {
      const view = this.#view(order);
      return order.state === 'proposed'
        ? view
        : { ...view, state: 'allowed', reason: reasonOf('allowed') };
    }
    const kept = await this.book.add(order);
    this.#follow();
    return this.#view(kept);
  }

  async #known(request: OpeningRequest): Promise<Order | OrderReason | undefined> {
    const order = await this.book.find(request.id);
    const same =
      order?.kind === 'open' &&
      order.target === request.target &&
      order.amountSat === request.capacitySat;
    return order === undefined || same ? order : reasonOf('same_id');
  }

  #draft(request: OpeningRequest) {
    const { id, target, capacitySat, feerate = 'normal', reason, proposedBy } = request;
    const now = this.#parts.clock.now();
    return {
      id,
      kind: 'open' as const,
      target,
      amountSat: capacitySat,
      feerate,
      wanted: reason,
      proposedBy,
      madeAt: now,
      changedAt: now,
    };
  }

  #refused(request: OpeningRequest, reason: OrderReason): OpeningView {
    const { amountSat: capacitySat, feerate: _, ...draft } = this.#draft(request);
    return { ...draft, capacitySat, state: 'refused', reason };
  }

  cancel(id: string, reason: string): Promise<OpeningView | undefined> {
    return this.decisions.cancel(id, reason);
  }

  /** Proposes a splice or an agreed close; a person always decides. */
  requestChannel(request: ChannelRequest): Promise<OpeningView> {
    return this.#line.run(() => this.#requestChannel(request));
  }

  async #requestChannel(request: ChannelRequest): Promise<OpeningView> {
    const { id, kind, channel: name, amountSat = 0n, reason: wanted, proposedBy } = request;
    const now = this.#parts.clock.now();
    const asked = { id, kind, wanted, proposedBy, madeAt: now, changedAt: now };
    const refused = (reason: OrderReason): OpeningView => {
      const target = this.#parts.self;
      return { ...asked, target, capacitySat: amountSat, state: 'refused', reason };
    };
    const wrong = labelProblem({ id, reason: wanted, proposedBy });
    const known = wrong ?? (await this.book.find(id));
    if (known !== undefined) {
      const same = !('code' in known) && known.kind === kind && known.wanted === wanted;
      return same ? this.#view(known) : refused(wrong ?? reasonOf('same_id'));
    }
    const found = await this.#channels.judge(request);
    if ('code' in found) {
      return refused(found);
    }
    const other = this.book.live.find(({ channel }) => channel === found.channel);
    if (other !== undefined || this.book.live.length >= ORDERS_LIVE_MAX) {
      return refused(other === undefined ? reasonOf('too_many') : pendingReason(other));
    }
    const reason = reasonOf('always_a_person');
    const wish = this.#parts.newId();
    const order = { ...asked, ...found, feerate: 'urgent', approved: false, wish, wishes: 0 };
    return this.#view(await this.book.add({ ...order, state: 'proposed', reason, channel: name }));
  }

  async view(id: string): Promise<OpeningView | undefined> {
    const order = await this.book.find(id);
    return order === undefined ? undefined : this.#view(order);
  }

  async list(query: {
    readonly state?: OrderState;
    readonly limit: number;
    readonly cursor?: string;
  }): Promise<OpeningPage> {
    const limit = Math.max(1, Math.min(PAGE_MAX, query.limit));
    const before = Number(query.cursor);
    const rows = await listOrders(this.#parts.store.reader, {
      limit: limit + 1,
      ...(query.state === undefined ? {} : { state: query.state }),
      ...(query.cursor !== undefined && Number.isSafeInteger(before) ? { before } : {}),
    });
    const last = rows[limit - 1];
    return {
      openings: rows.slice(0, limit).map(({ order }) => this.#view(order)),
      ...(rows.length > limit && last !== undefined ? { cursor: String(last.seq) } : {}),
    };
  }

  /** Orders that were done at a height from `since` on. */
  doneSince(since: number): Promise<readonly Order[]> {
    return doneSince(this.#parts.store.reader, since);
  }

  subscribe(listener: (view: OpeningView) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #view(order: Order): OpeningView {
    return viewOf(order, describeWishes(this.lock.state));
  }

  #tell(order: Order): void {
    for (const listener of this.#listeners) {
      try {
        listener(this.#view(order));
      } catch (error) {
        this.#parts.log('unusual', `whoever follows openings failed: ${explain(error)}`);
      }
    }
  }

  /** Brings orders in line with the lock, soon; many changes at once are one. */
  #follow(): void {
    if (this.#following) {
      return;
    }
    this.#following = true;
    void this.#line.run(async () => {
      this.#following = false;
      try {
        await this.#followAll();
      } catch (error) {
        // The lock is what binds; orders follow with its next change.
        this.#parts.log('unusual', `orders do not follow the lock: ${explain(error)}`);
      }
    });
  }

  async #followAll(): Promise<void> {
    const { newId } = this.#parts;
    for (const { id } of this.book.live) {
      const order = this.book.live.find((one) => one.id === id);
      if (order === undefined || isOver(order.state)) {
        continue;
      }
      const wish = this.lock.state.tables.wishes.get(order.wish);
      const next = follow(order, wish, this.book.height);
      switch (next?.kind) {
        case 'change':
          await this.book.change(id, next.change);
          break;
        case 'propose':
          await this.book.change(id, {
            state: 'proposed',
            reason: reasonOf('contestable_by_originals'),
          });
          break;
        case 'approve':
          await this.lock.give({ kind: 'approve', id: order.wish });
          break;
        case 'ask':
          await this.#askHive(order, wish === undefined ? order.wish : newId());
          break;
        case undefined:
          break;
      }
    }
  }

  async #askHive(order: Order, wish: string): Promise<void> {
    const again = wish === order.wish ? {} : { wish, wishes: order.wishes + 1 };
    const kept =
      wish === order.wish
        ? order
        : await this.book.change(order.id, { state: 'waiting', ...again });
    if (kept === undefined) {
      return;
    }
    const { target, amountSat: capacitySat, approved } = kept;
    await this.lock.give({ kind: 'wish', id: wish, target, capacitySat, approved });
  }
}
