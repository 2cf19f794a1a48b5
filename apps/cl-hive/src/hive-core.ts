import { type Cancel, describeError, type NodeId } from '@cl-hive/core';
import type {
  Contributions,
  FleetState,
  MemberState,
  Membership,
  Outbox,
  Presence,
  Seen,
} from '@cl-hive/hive';
import { STORE_TIME_MS, TICK_MS } from './limits.ts';
import { HiveTime, type StoredTime } from './line/hive-time.ts';
import { Line } from './line/line.ts';
import { Capabilities } from './membership/capabilities.ts';
import { MembershipDesk } from './membership/membership-desk.ts';
import type { HivePorts } from './ports/ports.ts';
import { StateDesk } from './state/state-desk.ts';
import { setMeta, TIME_KEY } from './store/rows.ts';
import { Delivery } from './wire/delivery.ts';
import { Dispatcher } from './wire/dispatcher.ts';
import { Post } from './wire/post.ts';

/** What this node saw of the members. */
export interface StoredRecords {
  readonly presence: ReadonlyMap<NodeId, Presence>;
  readonly contributions: Contributions;
}

/** What a hive goes on from: what was stored, or that of a node that was never in one. */
export interface HiveState {
  readonly membership: Membership;
  readonly fleet: FleetState;
  /** This node's own last signed word. */
  readonly own: MemberState | undefined;
  readonly outbox: Outbox;
  readonly seen: Seen;
  readonly records: StoredRecords;
  readonly time: StoredTime | undefined;
}

/** Something that is looked at every few seconds, while the plugin is awake. */
export type Chore = () => Promise<void>;

/** Something that is told the height of the chain. */
export type BlockWatcher = (height: number) => Promise<void>;

/** Something that is told of connections, as long as the plugin runs. */
export interface PeerWatcher {
  readonly connected: (node: NodeId) => Promise<void>;
  readonly disconnected: (node: NodeId) => Promise<void>;
}

/**
 * What every part of the hive stands on: the line of decisions, the state, and what comes in and goes
 * out. A part (joining, votes, gossip, openings, planner) registers what it takes and looks at.
 */
export class HiveCore {
  readonly self: NodeId;
  readonly ports: HivePorts;
  readonly time: HiveTime;
  readonly line: Line;
  readonly post: Post;
  readonly membership: MembershipDesk;
  readonly capabilities = new Capabilities();
  readonly state: StateDesk;
  readonly delivery: Delivery;
  readonly dispatcher: Dispatcher;
  readonly #chores: Chore[] = [];
  readonly #blockWatchers: BlockWatcher[] = [];
  readonly #peerWatchers: PeerWatcher[] = [];
  #connected: ReadonlySet<NodeId> = new Set();
  #height = 0;
  #timeStoredAt = Number.NEGATIVE_INFINITY;
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
    this.state = new StateDesk(state.fleet, state.own);
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
      curve: ports.curve,
      peers: {
        isMember: (turn, node) => this.membership.isMember(node, turn),
        isBanned: (turn, node) => this.membership.isBanned(node, turn),
      },
    });
    this.onTick(() => this.line.run((turn) => this.delivery.flush(turn)));
    this.onTick(() => this.line.run((turn) => void this.membership.apply(turn, { kind: 'tick' })));
    this.onTick(() => this.#storeTime());
  }

  /** Whether decisions or messages are under way. */
  get busy(): boolean {
    return this.line.waiting > 0 || this.post.busy;
  }

  /** Members that are connected, as far as is known. */
  reachable(): readonly NodeId[] {
    return this.membership.others().filter((node) => this.#connected.has(node));
  }

  /** Has `watcher` told who connects and who leaves; a rejection is logged. */
  onPeer(watcher: PeerWatcher): void {
    this.#peerWatchers.push(watcher);
  }

  /** lightningd says that a peer connected; it may say so of one that was never gone. */
  async peerConnected(node: NodeId): Promise<void> {
    this.#connected = new Set(this.#connected).add(node);
    for (const watcher of this.#peerWatchers) {
      await this.#do(() => watcher.connected(node));
    }
  }

  /** lightningd says that a peer is gone. */
  async peerDisconnected(node: NodeId): Promise<void> {
    const connected = new Set(this.#connected);
    connected.delete(node);
    this.#connected = connected;
    this.capabilities.forget(node);
    for (const watcher of this.#peerWatchers) {
      await this.#do(() => watcher.disconnected(node));
    }
  }

  /** Has `chore` called every {@link TICK_MS}, one after the other; a rejection is logged. */
  onTick(chore: Chore): void {
    this.#chores.push(chore);
  }

  /** Has `watcher` told each new height of the chain; a rejection is logged. */
  onBlock(watcher: BlockWatcher): void {
    this.#blockWatchers.push(watcher);
  }

  /** Height of the chain as lightningd last said it; 0 before it did. */
  get height(): number {
    return this.#height;
  }

  /** lightningd knows a block: everybody who asked is told. */
  async block(height: number): Promise<void> {
    this.#height = height;
    for (const watcher of this.#blockWatchers) {
      await this.#do(() => watcher(height));
    }
  }

  /** Begins to look at what is due. */
  wake(): void {
    this.#awake = true;
    this.#cancel?.();
    this.#ticking = this.#round();
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
    await this.#do(() => this.#lookAtPeers());
    for (const chore of this.#chores) {
      await this.#do(chore);
    }
  }

  /** Connections that no notification told of: those from before the start. */
  async #lookAtPeers(): Promise<void> {
    const before = this.#connected;
    const now = await this.ports.node.connected();
    for (const node of now) {
      if (!before.has(node)) {
        await this.peerConnected(node);
      }
    }
    for (const node of before) {
      if (!now.has(node)) {
        await this.peerDisconnected(node);
      }
    }
  }

  async #storeTime(): Promise<void> {
    const stored = this.time.toStore();
    if (stored.guardMs - this.#timeStoredAt >= STORE_TIME_MS) {
      await this.line.run((turn) => turn.write(setMeta(TIME_KEY, JSON.stringify(stored))));
      this.#timeStoredAt = stored.guardMs;
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

  async #round(): Promise<void> {
    await this.tick();
    if (this.#awake) {
      this.#cancel = this.ports.clock.after(TICK_MS, () => {
        this.#ticking = this.#round();
      });
    }
  }
}
