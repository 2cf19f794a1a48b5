import { type Cancel, describeError, type NodeId } from '@cl-hive/core';
import type { FleetState, Membership, Outbox, Seen } from '@cl-hive/hive';
import { TICK_MS } from './limits.ts';
import { HiveTime, type StoredTime } from './line/hive-time.ts';
import { Line } from './line/line.ts';
import { MembershipDesk } from './membership/membership-desk.ts';
import type { HivePorts } from './ports/ports.ts';
import { StateDesk } from './state/state-desk.ts';
import { Delivery } from './wire/delivery.ts';
import { Dispatcher } from './wire/dispatcher.ts';
import { Post } from './wire/post.ts';

/** What a hive goes on from: what was stored, or that of a node that was never in one. */
export interface HiveState {
  readonly membership: Membership;
  readonly fleet: FleetState;
  readonly outbox: Outbox;
  readonly seen: Seen;
  readonly time: StoredTime | undefined;
}

/** Something that is looked at every few seconds, while the plugin is awake. */
export type Chore = () => Promise<void>;

/** Something that is told the height of the chain. */
export type BlockWatcher = (height: number) => Promise<void>;

/**
 * The hive as this node runs it, on ports: who is in it, what they say, and what goes out. Other parts
 * (openings, planner) register what they take and what they must look at.
 */
export class Hive {
  readonly self: NodeId;
  readonly ports: HivePorts;
  readonly time: HiveTime;
  readonly line: Line;
  readonly post: Post;
  readonly membership: MembershipDesk;
  readonly state: StateDesk;
  readonly delivery: Delivery;
  readonly dispatcher: Dispatcher;
  readonly #chores: Chore[] = [];
  #connected: ReadonlySet<NodeId> = new Set();
  readonly #watchers: BlockWatcher[] = [];
  #height = 0;
  #cancel: Cancel | undefined;
  #ticking: Promise<void> = Promise.resolve();
  #awake = false;

  constructor(self: NodeId, ports: HivePorts, state: HiveState) {
    const { clock, disk, wire, signer, log } = ports;
    const time = new HiveTime(clock, state.time);
    const now = (): number => time.now();
    this.self = self;
    this.ports = ports;
    this.time = time;
    this.line = new Line({ disk, now, log });
    this.post = new Post({ wire, signer, log });
    this.membership = new MembershipDesk(state.membership);
    this.state = new StateDesk(state.fleet);
    this.delivery = new Delivery({
      self,
      post: this.post,
      outbox: state.outbox,
      seen: state.seen,
      reachable: () => this.reachable(),
      wallSeconds: () => time.wallSeconds(),
      log,
    });
    this.dispatcher = new Dispatcher({
      line: this.line,
      now,
      log,
      delivery: this.delivery,
      peers: {
        isMember: (turn, node) => this.membership.isMember(node, turn),
        isBanned: (turn, node) => this.membership.isBanned(node, turn),
      },
    });
    this.onTick(() => this.line.run((turn) => this.delivery.flush(turn)));
  }

  /** Members that were connected when last looked. */
  reachable(): readonly NodeId[] {
    return this.membership.others().filter((node) => this.#connected.has(node));
  }

  /** Has `chore` called every {@link TICK_MS}, one after the other; a rejection is logged. */
  onTick(chore: Chore): void {
    this.#chores.push(chore);
  }

  /** Has `watcher` told each new height of the chain; a rejection is logged. */
  onBlock(watcher: BlockWatcher): void {
    this.#watchers.push(watcher);
  }

  /** Height of the chain as lightningd last said it; 0 before it did. */
  get height(): number {
    return this.#height;
  }

  /** lightningd knows a block: everybody who asked is told. */
  async block(height: number): Promise<void> {
    this.#height = height;
    for (const watcher of this.#watchers) {
      await this.#do(() => watcher(height));
    }
  }

  /** Begins to look at what is due. */
  wake(): void {
    this.#awake = true;
    this.#schedule();
  }

  /** Stops looking; what is stored waits. */
  idle(): void {
    this.#awake = false;
    this.#cancel?.();
    this.#cancel = undefined;
    this.post.clear();
  }

  /** Waits for what is under way; no decision is made after it. */
  async close(): Promise<void> {
    this.idle();
    await this.#ticking;
    await this.line.stop();
  }

  /** Looks at everything that is due once. */
  async tick(): Promise<void> {
    await this.#do(async () => {
      this.#connected = await this.ports.node.connected();
    });
    for (const chore of this.#chores) {
      await this.#do(chore);
    }
  }

  async #do(chore: Chore): Promise<void> {
    try {
      await chore();
    } catch (error) {
      // The next tick tries again; nothing that was decided is lost.
      this.ports.log('unusual', `a chore of cl-hive failed: ${describeError(error)}`);
    }
  }

  #schedule(): void {
    this.#cancel?.();
    this.#cancel = this.ports.clock.after(TICK_MS, () => {
      this.#ticking = this.#round();
    });
  }

  async #round(): Promise<void> {
    await this.tick();
    if (this.#awake) {
      this.#schedule();
    }
  }
}
