import type { JsonObject, NodeId } from '@cl-hive/core';
import { type LiveCommand, livePort, type NodeFacts, type PlannerLogLine } from '@cl-hive/hive';
import {
  type AdvisorCommand,
  advisorPort,
  contentDigest,
  type ExecutableOrder,
  type ExecutionPort,
  entryOf,
  executableOrders,
  type Observation,
  type OpenOrder,
  type OrderBook,
  type Plan,
  type ShadowState,
  shadowPort,
  submitAll,
  truthOf,
} from '@cl-hive/planning-kernel';
import { isOver, type OpeningDesk, type OpeningView } from '../openings/opening-desk.ts';
import { observations, observed, viewLine, withdrawnWhere } from './order-observations.ts';
import type { Execution } from './settings.ts';
import {
  dropEntry,
  isOverInBook,
  loadBook,
  type OrderSeen,
  pruneEntries,
  type StoredBook,
  storeEntry,
} from './store/order-rows.ts';
import { writeLog } from './store/planner-log.ts';
import { noteTarget, type PlannerStore } from './store/planner-store.ts';

/** What {@link PlannerOrders} work with. */
export interface OrderParts {
  readonly self: NodeId;
  readonly store: PlannerStore;
  readonly desk: OpeningDesk;
  readonly execution: () => Execution;
  /** Unix ms, a label. */
  readonly now: () => number;
}

type Command = AdvisorCommand | LiveCommand;
type Books = ShadowState<OrderBook, OrderBook>;

const OPEN_STATES = ['proposed', 'waiting', 'opening', 'unknown'] as const;
const PAGE = 100;

/** Orders of the plan that are this node's to carry out: handed to the opening desk, and followed to their end. */
export class PlannerOrders {
  readonly #parts: OrderParts;
  readonly #seen: Map<string, readonly OrderSeen[]>;
  readonly #seqs: Map<string, number>;
  #books: Books;
  #nextSeq: number;
  /** Own count of what was seen; only grows, whatever the clocks do. */
  #count: number;
  /** State and reason with which each order was last told of, so that nothing is told twice. */
  readonly #told = new Map<string, string>();
  #line: Promise<unknown> = Promise.resolve();

  private constructor(parts: OrderParts, { book, seen, seqs }: StoredBook) {
    this.#parts = parts;
    this.#books = { first: book, second: book };
    this.#seen = new Map(seen);
    this.#seqs = new Map(seqs);
    this.#nextSeq = Math.max(0, ...seqs.values()) + 1;
    this.#count = [...seen.values()]
      .flat()
      .reduce((most, one) => Math.max(most, 'at' in one ? one.at : 0), 0);
  }

  static async load(parts: OrderParts): Promise<PlannerOrders> {
    return new PlannerOrders(parts, await parts.store.read(loadBook));
  }

  /** Orders that have not ended, this node's others at the desk included. Rejects where the desk does. */
  async open(): Promise<readonly OpenOrder[]> {
    const own = this.#books.first.entries
      .filter((entry) => !isOverInBook(entry))
      .map(({ order, status }): OpenOrder => {
        const { clientOrderId, member, target, side, quantitySat } = order;
        const known = status === 'waiting' ? 'queued' : 'submitted';
        return { clientOrderId, member, target, side, quantitySat, status: known };
      });
    const mine = new Set(own.map(({ clientOrderId }) => clientOrderId));
    const others = (await this.#atDesk()).filter(({ id }) => !mine.has(id));
    return [...own, ...others.map((view) => this.#foreign(view))];
  }

  /** Unix ms at which the planner last asked the desk for an opening; undefined where it never did. */
  get lastAskedAt(): number | undefined {
    const times = this.#books.first.entries.map(({ submittedAt }) => submittedAt);
    return times.length === 0 ? undefined : Math.max(...times);
  }

  /** Hands this node's orders of a plan to the desk, in the plan's sequence, each once. */
  submit(plan: Pick<Plan, 'orders'>): Promise<void> {
    const mine = executableOrders(plan).filter(({ member }) => member === this.#parts.self);
    return this.#run(async () => {
      const now = this.#parts.now();
      const port = this.#port();
      const { state, commands } = submitAll(port, this.#books, mine, now);
      await this.#keep(
        state,
        mine.map(({ clientOrderId }) => clientOrderId),
        this.#shadowLines(state),
      );
      for (const command of commands) {
        await this.#carryOut(command);
      }
    });
  }

  /** The desk told of a change. */
  changed(view: OpeningView): Promise<void> {
    return this.#run(() => this.#learnView(view));
  }

  /** All of this node's channels and funds, as lightningd listed them. */
  listed(channels: NodeFacts['channels'], confirmedSat: number): Promise<void> {
    const member = this.#parts.self;
    return this.#run(async () => {
      const at = this.#next();
      await this.#learn([
        { kind: 'channels', member, at, channels: channels.flatMap(observed) },
        { kind: 'funds', member, at, confirmedSat },
      ]);
    });
  }

  /** Some of this node's channels, after a notification; late, early or again makes no difference. */
  noticed(channels: NodeFacts['channels']): Promise<void> {
    const member = this.#parts.self;
    return this.#run(async () => {
      await this.#learn(
        channels
          .flatMap(observed)
          .map((channel): Observation => ({ kind: 'channel', member, at: this.#next(), channel })),
      );
    });
  }

  /** Asks the desk what became of every order that has not ended: what it said while nobody listened. */
  async catchUp(): Promise<void> {
    for (const entry of this.#books.first.entries.filter((e) => !isOverInBook(e))) {
      const { order, status } = entry;
      const view = await this.#parts.desk.view(order.clientOrderId);
      if (view !== undefined) {
        await this.#run(() => this.#learnView(view, true));
      } else if (status === 'waiting') {
        // Stored, and the plugin ended before the desk was asked; asking is idempotent by id.
        await this.#run(() => this.#request(order, this.#parts.execution() !== 'live'));
      }
    }
  }

  /** Orders as they stand, the newest first. */
  view(): readonly JsonObject[] {
    const truth = new Map(
      truthOf(this.#books.first.ledger).orders.map((o) => [o.clientOrderId, o]),
    );
    return this.#books.first.entries.toReversed().map(({ order, status, submittedAt }) => ({
      order_id: order.clientOrderId,
      target: order.target,
      amount_sats: order.quantitySat,
      status,
      submitted_at: Math.floor(submittedAt / 1000),
      channel_id: truth.get(order.clientOrderId)?.channelId ?? null,
    }));
  }

  /** Waits for what is under way. */
  async settle(): Promise<void> {
    await this.#line;
  }

  #run<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#line;
    const done = (async () => {
      await before;
      return work();
    })();
    this.#line = done.catch(() => undefined);
    return done;
  }

  #next(): number {
    this.#count += 1;
    return this.#count;
  }

  /** The adapter in use; in shadow mode the advisor's commands are carried out, the other's compared. */
  #port(): ExecutionPort<Books, Command> {
    const first: ExecutionPort<OrderBook, Command> =
      this.#parts.execution() === 'live' ? livePort : advisorPort;
    return shadowPort(first, livePort);
  }

  #shadowLines(state: Books): readonly PlannerLogLine[] {
    if (this.#parts.execution() !== 'shadow') {
      return [];
    }
    const differences = shadowPort(advisorPort, livePort).differences(state);
    return [
      {
        actionType: 'shadow',
        target: null,
        result: differences.length === 0 ? 'success' : 'failed',
        details: { differences: differences.map((d) => ({ ...d })) },
      },
    ];
  }

  async #carryOut(command: Command): Promise<void> {
    switch (command.kind) {
      case 'ask_approval':
      case 'request':
      case 'carry_out':
        await this.#request(command.order, command.kind === 'ask_approval');
        break;
      case 'withdraw_question':
      case 'take_back':
        await this.#parts.desk.cancel(command.clientOrderId, 'the planner took it back');
        break;
    }
  }

  async #request(order: ExecutableOrder, askPerson: boolean): Promise<void> {
    if (order.side !== 'open') {
      await this.#learn([
        {
          kind: 'failed',
          clientOrderId: order.clientOrderId,
          error: `the planner does not carry out ${order.side}`,
        },
      ]);
      return;
    }
    const answer = await this.#parts.desk.request({
      id: order.clientOrderId,
      target: order.target,
      capacitySat: BigInt(order.quantitySat),
      reason: order.rationale,
      proposedBy: 'planner',
      ...(askPerson ? { askPerson: true } : {}),
    });
    // A refusal keeps nothing at the desk, nor here: the next cycle may ask again.
    await (answer.state === 'refused' ? this.#drop(order, answer) : this.#learnView(answer));
  }

  async #drop({ clientOrderId }: ExecutableOrder, view: OpeningView): Promise<void> {
    const without = (book: OrderBook): OrderBook => ({
      ...book,
      entries: book.entries.filter(({ order }) => order.clientOrderId !== clientOrderId),
    });
    await this.#parts.store.transact(async (transactor) => {
      await dropEntry(transactor, clientOrderId);
      await writeLog(transactor, [viewLine(view)], this.#parts.now());
    });
    this.#books = { first: without(this.#books.first), second: without(this.#books.second) };
    this.#seen.delete(clientOrderId);
    this.#seqs.delete(clientOrderId);
  }

  /** `asked`: the desk did not tell of a change, it was asked. Then only what is learned is told. */
  async #learnView(view: OpeningView, asked = false): Promise<void> {
    const entry = entryOf(this.#books.first, view.id);
    if (entry === undefined) {
      return;
    }
    const { clientOrderId } = entry.order;
    const before = this.#seen.get(clientOrderId) ?? [];
    const fresh = observations(view, entry.order, () => this.#next()).filter(
      (one) => !before.some(({ kind }) => kind === one.kind),
    );
    // A reason that changes while it waits is news: it says what the opening waits for.
    const standing = `${view.state} ${view.reason?.code ?? ''}`;
    const again =
      this.#told.get(view.id) === standing ||
      (asked && fresh.length === 0 && !this.#told.has(view.id));
    this.#told.set(view.id, standing);
    await this.#learn(fresh, again ? [] : [viewLine(view)], view);
  }

  async #learn(
    seen: readonly Observation[],
    lines: readonly PlannerLogLine[] = [],
    view?: OpeningView,
  ): Promise<void> {
    if (seen.length === 0 && lines.length === 0) {
      return;
    }
    const statusBefore = new Map(
      this.#books.first.entries.map(({ order, status }) => [order.clientOrderId, status]),
    );
    const { state } = this.#port().reconcile(this.#books, seen, this.#parts.now());
    const next = {
      first: withdrawnWhere(state.first, seen),
      second: withdrawnWhere(state.second, seen),
    };
    for (const one of seen) {
      if ('clientOrderId' in one) {
        this.#seen.set(one.clientOrderId, [...(this.#seen.get(one.clientOrderId) ?? []), one]);
      }
    }
    const changed = next.first.entries
      .filter(({ order, status }) => statusBefore.get(order.clientOrderId) !== status)
      .map(({ order }) => order.clientOrderId);
    const named = seen.flatMap((one) => ('clientOrderId' in one ? [one.clientOrderId] : []));
    await this.#keep(next, [...new Set([...changed, ...named])], lines, view);
  }

  /** Stores what changed in one transaction; what is stored is what is in force. */
  async #keep(
    books: Books,
    ids: readonly string[],
    lines: readonly PlannerLogLine[],
    view?: OpeningView,
  ): Promise<void> {
    const now = this.#parts.now();
    const over = view !== undefined && isOver(view.state) && ids.length > 0;
    const gone = await this.#parts.store.transact(async (transactor) => {
      for (const id of ids) {
        const entry = entryOf(books.first, id);
        if (entry !== undefined) {
          const seq = this.#seqOf(id);
          await storeEntry(transactor, entry, seq, this.#seen.get(id) ?? []);
        }
      }
      if (over) {
        await noteTarget(
          transactor,
          view.target,
          view.state === 'done' ? 'opened' : 'refused',
          now,
        );
      }
      await writeLog(transactor, lines, now);
      return pruneEntries(transactor);
    });
    const forget = new Set(gone);
    const kept = books.first.entries.filter(({ order }) => !forget.has(order.clientOrderId));
    const first = { ...books.first, entries: kept };
    this.#books = { first, second: this.#parts.execution() === 'shadow' ? books.second : first };
    for (const id of gone) {
      this.#seen.delete(id);
      this.#told.delete(id);
    }
  }

  /** The place of an order among all; never given twice. */
  #seqOf(id: string): number {
    const known = this.#seqs.get(id);
    if (known !== undefined) {
      return known;
    }
    const seq = this.#nextSeq;
    this.#nextSeq += 1;
    this.#seqs.set(id, seq);
    return seq;
  }

  async #atDesk(): Promise<readonly OpeningView[]> {
    const found: OpeningView[] = [];
    for (const state of OPEN_STATES) {
      let cursor: string | undefined;
      do {
        const page = await this.#parts.desk.list({
          state,
          limit: PAGE,
          ...(cursor === undefined ? {} : { cursor }),
        });
        found.push(...page.openings);
        cursor = page.cursor;
      } while (cursor !== undefined);
    }
    return found;
  }

  /** An opening that the planner did not ask for, under an id of the form that orders have. */
  #foreign({ id, target, capacitySat, state, kind }: OpeningView): OpenOrder {
    return {
      clientOrderId: /^[0-9a-f]{64}$/.test(id) ? id : contentDigest({ desk: id }),
      member: this.#parts.self,
      target,
      side: kind,
      quantitySat: Number(capacitySat),
      status: state === 'unknown' ? 'unknown' : state === 'opening' ? 'submitted' : 'queued',
    };
  }
}
