import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Msat, msat, type NodeId } from '@cl-hive/core';
import { type FleetMember, type OwnChannel, type PlannerWord, presentWord } from '@cl-hive/hive';
import type { PendingIntent } from '@cl-hive/planning-kernel';
import { openStore, type Store } from '@cl-hive/store';
import { SeededRandom, VirtualClock } from '@cl-hive/testkit';
import { LocalEngine } from '../../src/planner/engine/engine.ts';
import { Gardner } from '../../src/planner/gardner.ts';
import { PlannerOrders } from '../../src/planner/planner-orders.ts';
import { type PlannerSettings, plannerSettings } from '../../src/planner/settings.ts';
import { PlannerStore } from '../../src/planner/store/planner-store.ts';
import { type PlannerTables, plannerTables } from '../../src/planner/store/planner-tables.ts';
import {
  type ChannelEntry,
  idOf,
  type Network,
  NOW_SECONDS,
  nodeEntry,
  openedEntries,
} from './network.ts';
import { WorldDesk } from './world-desk.ts';

/** How a fleet's world is set up. */
export interface WorldOptions {
  readonly network: Network;
  readonly members: number;
  readonly seed: number;
  readonly budgetPerDaySat: number;
  readonly onchainSat: number;
  /** `advisor`: openings wait for `approve`. */
  readonly mode?: 'advisor' | 'failsafe';
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Settings of the kernel in the place of the planner's own. */
  readonly config?: Readonly<Record<string, number>>;
  /** Of a hundred targets so many refuse every channel. */
  readonly refusingPercent?: number;
  /** Whether cycles are recorded, which takes most of a cycle's time. */
  readonly record?: boolean;
  /** Peers that each member begins with. */
  readonly peersOf?: (member: number, random: SeededRandom) => readonly string[];
}

/** A channel that was opened in the world. */
export interface Opened {
  readonly member: NodeId;
  readonly target: NodeId;
  readonly sat: number;
  /** Monotonic ms. */
  readonly at: number;
}

const DEFAULT_OPTIONS = {
  'hive-planner-execution': 'live',
  'hive-planner-interval': 3600,
  'hive-planner-enable-expansions': true,
  'hive-planner-min-channel-sats': 1_000_000,
  'hive-planner-max-channel-sats': 50_000_000,
  'hive-market-share-cap': '0.20',
  'hive-max-expansion-feerate': 5000,
};

const MINUTE = 60_000;
const HEIGHT = 935_000;
/** Blocks until an opening is announced. */
const ANNOUNCED_AFTER = 6;

/** A fleet on one chain and one lock, in virtual time; each node runs the real planner. */
export class FleetWorld {
  readonly clock = new VirtualClock(NOW_SECONDS * 1000);
  readonly random: SeededRandom;
  readonly options: WorldOptions;
  readonly nodes: FleetNode[] = [];
  readonly opened: Opened[] = [];
  /** Who holds a target, from the lock's grant on. */
  readonly holders = new Map<NodeId, NodeId>();
  readonly #dir = mkdtempSync(join(tmpdir(), 'fleet-world-'));
  readonly #extra: ChannelEntry[] = [];
  readonly #pending: { readonly height: number; readonly entries: ChannelEntry[] }[] = [];
  feePerkb = 2_000;
  #scid = 0;

  private constructor(options: WorldOptions) {
    this.options = options;
    this.random = new SeededRandom(options.seed);
  }

  static async make(options: WorldOptions): Promise<FleetWorld> {
    const world = new FleetWorld(options);
    for (let n = 0; n < options.members; n += 1) {
      world.nodes.push(await FleetNode.make(world, idOf(1 + n), world.folder(`node-${n}`)));
    }
    world.nodes.forEach((node, n) => {
      const next = world.nodes[(n + 1) % world.nodes.length];
      if (next !== undefined && next !== node) {
        world.addChannel(node.id, next.id, 10_000_000, 0);
      }
      for (const peer of options.peersOf?.(n, world.random) ?? []) {
        world.addChannel(node.id, peer as NodeId, 5_000_000, 0);
      }
    });
    return world;
  }

  folder(name: string): string {
    return join(this.#dir, name);
  }

  get height(): number {
    return HEIGHT + Math.floor(this.clock.monotonic() / (10 * MINUTE));
  }

  /** listchannels and listnodes as every node sees them now. */
  graph(): Network {
    for (const { entries } of this.#pending.filter(({ height }) => height <= this.height)) {
      this.#extra.push(...entries);
    }
    const rest = this.#pending.filter(({ height }) => height > this.height);
    this.#pending.splice(0, this.#pending.length, ...rest);
    return {
      channels: [...this.options.network.channels, ...this.#extra],
      nodes: [...this.options.network.nodes, ...this.nodes.map(({ id }) => nodeEntry(id))],
    };
  }

  /** Whether a target refuses channels; the same for the same seed. */
  refuses(target: NodeId): boolean {
    const percent = this.options.refusingPercent ?? 0;
    return Number.parseInt(target.slice(-6), 16) % 100 < percent;
  }

  /** Puts a channel on the chain, announced `blocks` later. */
  addChannel(from: NodeId, to: NodeId, sat: number, blocks = ANNOUNCED_AFTER): void {
    this.#scid += 1;
    const scid = `${800_000 + this.#scid}x1x0`;
    const entries = openedEntries(this.options.network.channels, from, to, scid, sat);
    this.#pending.push({ height: this.height + blocks, entries });
    const channel: OwnChannel = {
      peer_id: to,
      state: 'CHANNELD_NORMAL',
      opener: 'local',
      channel_id: this.#scid.toString(16).padStart(64, 'c'),
      funding_txid: this.#scid.toString(16).padStart(64, 'f'),
      total_msat: msat(BigInt(sat) * 1000n),
    };
    this.node(from)?.channels.push(channel);
    this.node(to)?.channels.push({ ...channel, peer_id: from, opener: 'remote' });
  }

  node(id: string): FleetNode | undefined {
    return this.nodes.find((node) => node.id === id);
  }

  /** Wakes all planners. */
  wake(): void {
    for (const { gardner } of this.nodes) {
      gardner.wake();
    }
  }

  /** Lets virtual time pass, minute by minute; everything that falls due is done before the next. */
  async pass(minutes: number, eachMinute?: () => void): Promise<void> {
    for (let minute = 0; minute < minutes; minute += 1) {
      this.clock.advance(MINUTE);
      await this.settled();
      eachMinute?.();
    }
  }

  async settled(): Promise<void> {
    await Promise.all(this.nodes.map(({ gardner }) => gardner.settled()));
  }

  async close(): Promise<void> {
    for (const node of this.nodes) {
      await node.close();
    }
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

/** One node of the fleet: wallet, channels, limits, opening desk and planner. */
export class FleetNode {
  readonly id: NodeId;
  readonly world: FleetWorld;
  readonly channels: OwnChannel[] = [];
  readonly desk: WorldDesk;
  readonly words = new Map<NodeId, { readonly word: PlannerWord; readonly at: number }>();
  /** Tags in force on its CLBOSS; undefined where it has none. */
  clboss: Map<NodeId, string[]> | undefined;
  readonly clbossCalls: string[] = [];
  refusesTags = false;
  onchainSat: number;
  settings: PlannerSettings;
  gardner!: Gardner;
  store!: PlannerStore;
  engine!: LocalEngine;
  orders!: PlannerOrders;
  #stop = new AbortController();
  #unsubscribe = (): void => undefined;
  #db!: Store<PlannerTables>;

  private constructor(world: FleetWorld, id: NodeId) {
    this.world = world;
    this.id = id;
    this.onchainSat = world.options.onchainSat;
    const settings = plannerSettings({ ...DEFAULT_OPTIONS, ...world.options.settings });
    this.settings = { ...settings, config: { ...settings.config, ...world.options.config } };
    this.desk = new WorldDesk(this);
  }

  static async make(world: FleetWorld, id: NodeId, folder: string): Promise<FleetNode> {
    const node = new FleetNode(world, id);
    const { clock } = world;
    node.#db = await openStore<PlannerTables>({
      location: join(folder, 'hive.sqlite3'),
      owner: 'cl-hive',
      migrations: [{ id: 1, name: 'planner', sql: plannerTables }],
      clock,
      log: () => undefined,
    });
    node.store = new PlannerStore(node.#db);
    await node.start();
    return node;
  }

  /** Starts the planner on what its database holds. */
  async start(): Promise<void> {
    const { world, id } = this;
    const { clock } = world;
    this.#stop = new AbortController();
    const orders = await PlannerOrders.load({
      self: id,
      store: this.store,
      desk: this.desk,
      execution: () => this.settings.execution,
      now: () => clock.now(),
    });
    this.orders = orders;
    this.#unsubscribe = this.desk.subscribe((view) => void orders.changed(view));
    const engine = new LocalEngine(
      async (take) => {
        const { channels, nodes } = world.graph();
        // Pieces as lightningd's answer is taken in.
        for (let at = 0; at < channels.length; at += 150) {
          take(channels.slice(at, at + 150));
        }
        return nodes;
      },
      () => clock.monotonic(),
    );
    this.engine = engine;
    const log = Object.assign(() => undefined, {
      trace: () => undefined,
      debug: () => undefined,
      info: () => undefined,
      warn: () => undefined,
      error: () => undefined,
    });
    this.gardner = new Gardner({
      self: id,
      clock,
      random: world.random.fork(),
      log,
      store: this.store,
      engine: {
        plan: (fleet, record) => engine.plan(fleet, record && world.options.record === true),
        explain: (target) => engine.explain(target),
        rate: (targets) => engine.rate(targets),
        size: (question, self) => engine.size(question, self),
        map: () => engine.map(),
        replay: (recording, digest) => engine.replay(recording, digest),
      },
      node: this.#node(),
      fleet: {
        members: () => this.#members(),
        intents: () => this.#intents(),
        tell: async (word) => {
          for (const other of world.nodes.filter((one) => one !== this)) {
            other.words.set(id, { word, at: clock.monotonic() });
          }
        },
      },
      allowance: async () => this.desk.allowance(),
      orders,
      settings: () => this.settings,
      signal: this.#stop.signal,
    });
  }

  /** Stops the planner as the plugin does: whatever runs ends at once. */
  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#stop.abort();
    await this.gardner.close();
    await this.orders.settle();
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#db.close();
  }

  #node() {
    return {
      facts: async () => ({
        self: this.id,
        blockHeight: this.world.height,
        channels: [...this.channels],
        outputs: this.#outputs(),
        openingPerkb: this.world.feePerkb,
        clboss: this.clboss === undefined ? undefined : new Map(this.clboss),
      }),
      funds: async () => this.#outputs(),
      channelsWith: async (peer: NodeId) => this.channels.filter((c) => c.peer_id === peer),
      setTags: async ([target, tags]: readonly [NodeId, string]) => {
        if (this.refusesTags) {
          throw new Error('no such tag');
        }
        this.clbossCalls.push(`${target.slice(-4)} ${tags}`);
        this.clboss?.set(
          target,
          tags.split(',').filter((tag) => tag !== ''),
        );
      },
    };
  }

  #outputs() {
    return [{ amount_msat: sat(this.onchainSat), status: 'confirmed', reserved: false }];
  }

  #members(): readonly FleetMember[] {
    return this.world.nodes.map(({ id, channels }) => ({
      id,
      online: true,
      uptimePpm: 990_000,
      peers: channels.map(({ peer_id }) => peer_id),
      word: presentWord(this.words.get(id), this.world.clock.monotonic()),
    }));
  }

  #intents(): readonly PendingIntent[] {
    return [...this.world.holders].map(([target, member]) => ({
      id: `${member.slice(-8)}-${target.slice(-8)}`,
      member,
      target,
    }));
  }
}

function sat(amount: number): Msat {
  return msat(BigInt(amount) * 1000n);
}
