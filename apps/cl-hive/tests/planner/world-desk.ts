import type { NodeId } from '@cl-hive/core';
import type { OwnChannel } from '@cl-hive/hive';
import { type Budget, judgeSpending, type Spending, spentInSpan } from '@cl-hive/hive';
import type { VirtualClock } from '@cl-hive/testkit';
import type { OpeningDesk, OpeningRequest, OpeningView } from '../../src/openings/opening-desk.ts';

/** Time that the lock takes, ms. */
const LOCK_MS = 5_000;

/** What the desk needs of its node and of the world around. */
export interface DeskOwner {
  readonly id: NodeId;
  onchainSat: number;
  readonly channels: readonly OwnChannel[];
  readonly world: {
    readonly clock: VirtualClock;
    readonly options: {
      readonly budgetPerDaySat: number;
      readonly mode?: 'advisor' | 'failsafe';
    };
    readonly holders: Map<NodeId, NodeId>;
    readonly opened: {
      readonly member: NodeId;
      readonly target: NodeId;
      readonly sat: number;
      readonly at: number;
    }[];
    refuses(target: NodeId): boolean;
    addChannel(from: NodeId, to: NodeId, sat: number): void;
  };
}

/** An opening desk on the world's one lock and the owner's limits, judged as the real one judges. */
export class WorldDesk implements OpeningDesk {
  readonly views = new Map<string, OpeningView>();
  readonly requests: OpeningRequest[] = [];
  readonly #node: DeskOwner;
  readonly #listeners = new Set<(view: OpeningView) => void>();
  readonly #spending: Spending[] = [];

  constructor(node: DeskOwner) {
    this.#node = node;
  }

  get #budget(): Budget {
    const perDaySat = BigInt(this.#node.world.options.budgetPerDaySat);
    return { perDaySat, perChannelSat: perDaySat, reserveSat: 1_000_000n };
  }

  /** Sat spent within the last day. */
  spent(): number {
    return Number(spentInSpan(this.#spending, this.#node.world.clock.monotonic()));
  }

  allowance() {
    const advisor = this.#node.world.options.mode === 'advisor';
    const left = Number(this.#budget.perDaySat) - this.spent();
    return { budgetSat: advisor ? this.#node.onchainSat : Math.max(0, left), canOpen: true };
  }

  async request(request: OpeningRequest): Promise<OpeningView> {
    const known = this.views.get(request.id);
    if (known !== undefined) {
      return known;
    }
    const { world } = this.#node;
    this.requests.push(request);
    const verdict = judgeSpending(
      world.options.mode ?? 'failsafe',
      this.#budget,
      this.#spending,
      {
        amountSat: request.capacitySat,
        onChainSat: BigInt(this.#node.onchainSat),
        approvedByPerson: false,
      },
      world.clock.monotonic(),
    );
    const asked = request.askPerson === true && verdict.kind === 'allow';
    const view = this.#set({
      id: request.id,
      kind: 'open',
      target: request.target,
      capacitySat: request.capacitySat,
      state:
        verdict.kind === 'refuse'
          ? 'refused'
          : verdict.kind === 'propose' || asked
            ? 'proposed'
            : 'waiting',
      wanted: request.reason,
      proposedBy: request.proposedBy,
      madeAt: world.clock.now(),
      changedAt: world.clock.now(),
      ...(verdict.kind === 'allow'
        ? {}
        : { reason: { code: verdict.code, message: verdict.code } }),
    });
    if (view.state === 'refused') {
      this.views.delete(view.id);
    } else if (view.state === 'waiting') {
      this.#goOn(view);
    }
    return view;
  }

  /** A person says yes. */
  approve(id: string): void {
    const view = this.views.get(id);
    if (view?.state === 'proposed') {
      this.#goOn(this.#set({ ...view, state: 'waiting' }));
    }
  }

  /** The hive has not agreed yet, for a reason. */
  waits(id: string, code: string, remedy: string): void {
    const view = this.views.get(id);
    if (view !== undefined) {
      this.#set({ ...view, state: 'waiting', reason: { code, message: code, remedy } });
    }
  }

  /** A person says no. */
  reject(id: string): void {
    const view = this.views.get(id);
    if (view?.state === 'proposed') {
      this.#set({ ...view, state: 'rejected' });
    }
  }

  async cancel(id: string): Promise<OpeningView | undefined> {
    const view = this.views.get(id);
    return view === undefined ? undefined : this.#set({ ...view, state: 'cancelled' });
  }

  async view(id: string): Promise<OpeningView | undefined> {
    return this.views.get(id);
  }

  async list({ state }: { readonly state?: OpeningView['state'] }) {
    return {
      openings: [...this.views.values()].filter((v) => state === undefined || v.state === state),
    };
  }

  subscribe(listener: (view: OpeningView) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #goOn(view: OpeningView): void {
    const { world, id } = this.#node;
    const { target } = view;
    const amount = Number(view.capacitySat);
    if (world.holders.has(target)) {
      this.#set({ ...view, state: 'given_up', reason: { code: 'held_by_other', message: 'held' } });
      return;
    }
    world.holders.set(target, id);
    const spending: Spending = {
      amountSat: view.capacitySat,
      at: world.clock.monotonic(),
      settled: false,
    };
    this.#spending.push(spending);
    this.#node.onchainSat -= amount;
    world.clock.after(LOCK_MS, () => {
      const opening = this.#set({ ...view, state: 'opening' });
      this.#spending.splice(this.#spending.indexOf(spending), 1);
      world.holders.delete(target);
      if (world.refuses(target)) {
        this.#node.onchainSat += amount;
        this.#set({ ...opening, state: 'failed', reason: { code: 'open_failed', message: 'no' } });
        return;
      }
      this.#spending.push({ ...spending, settled: true });
      world.opened.push({ member: id, target, sat: amount, at: world.clock.monotonic() });
      world.addChannel(id, target, amount);
      const made = this.#node.channels.at(-1);
      this.#set({
        ...opening,
        state: 'done',
        outpoint: `${made?.funding_txid ?? ''}:0`,
        ...(made?.channel_id === undefined ? {} : { channelId: made.channel_id }),
      });
    });
  }

  #set(view: OpeningView): OpeningView {
    const now = this.#node.world.clock.now();
    const changed = { ...view, changedAt: now };
    this.views.set(view.id, changed);
    for (const listener of this.#listeners) {
      listener(changed);
    }
    return changed;
  }
}
