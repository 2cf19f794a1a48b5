import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { NodeId } from '@cl-hive/core';
import { firstEpoch, type LockMessage } from '@cl-hive/hive';
import { openStore, type Store } from '@cl-hive/store';
import { SeededRandom, VirtualClock } from '@cl-hive/testkit';
import { ActionsQueue } from '../../src/actions-queue/actions-queue.ts';
import { Line } from '../../src/line/line.ts';
import type { Channels } from '../../src/openings/channel-port.ts';
import { Desk } from '../../src/openings/desk.ts';
import type { HivePort, Standing } from '../../src/openings/hive-port.ts';
import type { Lightning } from '../../src/openings/lightning-port.ts';
import { readLock } from '../../src/openings/lock-store.ts';
import type { OpeningSettings } from '../../src/openings/settings.ts';
import type { HiveDatabase } from '../../src/store/database.ts';
import { migrations } from '../../src/store/migrations.ts';
import { Chain, ChainNode } from './chain.ts';
import { OwnChannels } from './own-channels.ts';

/** In memory where there is such a place: durability is the store's own test. */
const ROOT = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

const NEVER = new Promise<never>(() => {});

/** One life of a plugin's process. */
class Life {
  alive = true;
  calls = 0;
  #killAt: number | undefined;
  /** Calls that are under way, so that a fleet knows when nothing moves. */
  running = 0;

  /** `killAt`: dies when its n-th call to the outside has had its effect. */
  constructor(killAt: number | undefined) {
    this.#killAt = killAt;
  }

  /** It is not killed any more. */
  spare(): void {
    this.#killAt = undefined;
  }

  /** One call to the outside; the dead make none, and none of their answers arrives. */
  async call<T>(work: () => Promise<T>): Promise<T> {
    if (!this.alive) {
      return NEVER;
    }
    this.calls += 1;
    const last = this.calls === this.#killAt;
    this.running += 1;
    try {
      const result = await work();
      this.alive = this.alive && !last;
      return this.alive ? result : NEVER;
    } catch (error) {
      this.alive = this.alive && !last;
      return this.alive ? Promise.reject(error) : NEVER;
    } finally {
      this.running -= 1;
    }
  }
}

/** One node of the fleet: its lightningd, its disk, and the plugin that lives for now. */
export class FleetNode {
  readonly id: NodeId;
  readonly lightning: ChainNode;
  readonly channels = new OwnChannels();
  readonly store: Store<HiveDatabase>;
  readonly clock: VirtualClock;
  settings: OpeningSettings = {
    mode: 'failsafe',
    perDaySat: 100_000_000n,
    perChannelPpm: 1_000_000,
    reservePpm: 0,
    liars: 0,
  };
  standing: Standing | undefined;
  lifetime = 0;
  instance = 'first';
  readonly log: string[] = [];
  readonly announced: string[] = [];
  desk!: Desk;
  actions!: ActionsQueue;
  life!: Life;

  constructor(id: NodeId, chain: Chain, store: Store<HiveDatabase>, clock: VirtualClock) {
    this.id = id;
    this.lightning = new ChainNode(chain, id, 5);
    this.store = store;
    this.clock = clock;
  }

  get alive(): boolean {
    return this.life.alive;
  }
}

const id = (letter: string): NodeId => `02${letter.repeat(64)}` as NodeId;

/** A point of the curve that is no member. */
export const TARGET =
  '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798' as NodeId;

/** How a fleet starts. */
export interface FleetOptions {
  readonly killAt?: number;
  readonly originals?: readonly NodeId[];
  readonly strangers?: boolean;
}

/** Nodes with the whole of the openings' code on real databases, a virtual clock and a made-up chain. */
export class Fleet {
  readonly chain = new Chain();
  readonly nodes: FleetNode[] = [];
  readonly clock = new VirtualClock();
  /** Nodes that are cut off from the others. */
  cut = new Set<NodeId>();
  /** What is said about each message that is delivered; true drops it. */
  drop: (from: NodeId, to: NodeId, message: LockMessage) => boolean = () => false;
  readonly #dir: string;
  readonly #queue: (() => Promise<void>)[] = [];
  readonly #random = new SeededRandom(7);

  private constructor(dir: string) {
    this.#dir = dir;
  }

  /**
   * Starts `size` members that know of one another, and of one epoch unless `strangers`, who have not
   * heard of one another yet; the first one's plugin may be killed.
   */
  static async start(
    size: number,
    { killAt, originals = [], strangers = false }: FleetOptions = {},
  ): Promise<Fleet> {
    const fleet = new Fleet(mkdtempSync(path.join(ROOT, 'openings-')));
    const ids = ['a', 'b', 'c', 'd', 'e'].slice(0, size).map(id);
    for (const member of ids) {
      const store = await openStore<HiveDatabase>({
        location: path.join(fleet.#dir, `${member.slice(2, 4)}.sqlite3`),
        owner: 'cl-hive',
        migrations,
        clock: fleet.clock,
        log: () => {},
      });
      const node = new FleetNode(member, fleet.chain, store, fleet.clock);
      const others = [...ids.filter((one) => one !== member), ...originals];
      node.standing = strangers
        ? { others, voting: [member, ...others], voters: [member], capable: [] }
        : {
            others,
            voting: [member, ...others],
            voters: ids,
            capable: ids.filter((one) => one !== member),
          };
      fleet.nodes.push(node);
    }
    for (const node of fleet.nodes) {
      await fleet.boot(node);
    }
    const [first] = fleet.nodes;
    await fleet.settle();
    for (const { desk } of strangers ? [] : fleet.nodes) {
      await desk.lock.give({ kind: 'given_epoch', epoch: firstEpoch(ids) });
      await desk.lock.tick();
    }
    await fleet.settle();
    if (first !== undefined && killAt !== undefined) {
      await fleet.boot(first, killAt);
    }
    await fleet.settle();
    return fleet;
  }

  get first(): FleetNode {
    return this.node(0);
  }

  node(index: number): FleetNode {
    const node = this.nodes[index];
    if (node === undefined) {
      throw new RangeError(`no node ${index}`);
    }
    return node;
  }

  /** Starts a node's plugin on its database, as after a kill. */
  async boot(node: FleetNode, killAt?: number): Promise<void> {
    if (node.life !== undefined) {
      node.life.alive = false;
    }
    const life = new Life(killAt);
    node.life = life;
    node.lifetime += 1;
    const store = this.#mortal(node.store, life);
    const line = new Line({
      disk: {
        commit: (writes) =>
          store.transact(async (transactor) => {
            for (const write of writes) {
              await write(transactor);
            }
          }),
      },
      now: () => this.clock.monotonic(),
      log: (_, text) => node.log.push(text),
    });
    node.desk = new Desk({
      self: node.id,
      store,
      lightning: this.#lightning(node, life),
      channels: this.#channels(node, life),
      hive: this.#port(node, life),
      settings: () => node.settings,
      clock: this.clock,
      line,
      now: () => this.clock.monotonic(),
      stored: await readLock(node.store.reader),
      log: (_, text) => node.log.push(text),
      instance: () => node.instance,
      newId: () => Buffer.from(this.#random.bytes(16)).toString('hex'),
    });
    node.actions = new ActionsQueue(node.desk, store, this.clock);
    const { desk } = node;
    const channels = new Map([[node.id, await node.lightning.ownTargets()]]);
    this.#spawn(() => desk.start(this.chain.height, channels));
    this.#spawn(() => desk.lock.tick());
  }

  /** Lets time pass; every living plugin looks at what is due. */
  async pass(ms: number, every = 10_000): Promise<void> {
    for (let left = ms; left > 0; left -= every) {
      this.clock.advance(Math.min(every, left));
      for (const { desk, life } of this.nodes) {
        if (life.alive) {
          this.#spawn(async () => {
            await desk.lock.tick();
            await desk.look();
          });
        }
      }
      await this.settle();
    }
  }

  /** Membership says that these members, and no others, have a vote and speak the lock. */
  meet(indices: readonly number[]): void {
    const voters = indices.map((index) => this.node(index).id);
    for (const node of this.nodes) {
      const { others = [] } = node.standing ?? {};
      const mine = voters.includes(node.id) ? voters : [node.id];
      node.standing = {
        others,
        voting: [node.id, ...others],
        voters: mine,
        capable: mine.filter((one) => one !== node.id),
      };
    }
  }

  /** Mines blocks. */
  async mine(blocks: number): Promise<void> {
    this.chain.height += blocks;
    for (const { desk, life } of this.nodes) {
      if (life.alive) {
        this.#spawn(() => desk.block(this.chain.height));
      }
    }
    await this.settle();
  }

  /** Resolves when nothing moves any more. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 5; ) {
      const job = this.#queue.shift();
      if (job !== undefined) {
        quiet = 0;
        await Promise.race([job(), this.#turns(20)]);
        continue;
      }
      await this.#turns(1);
      quiet = this.nodes.some(({ life }) => life.alive && life.running > 0) ? 0 : quiet + 1;
    }
  }

  async stop(): Promise<void> {
    for (const { life, store } of this.nodes) {
      life.alive = false;
      await store.close();
    }
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async #turns(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #spawn(work: () => Promise<void>): void {
    void work().catch(() => undefined);
  }

  #mortal(store: Store<HiveDatabase>, life: Life): Store<HiveDatabase> {
    return {
      reader: store.reader,
      transact: (work) => life.call(() => store.transact(work)),
      backup: (to) => store.backup(to),
      hold: () => store.hold(),
      digests: () => store.digests(),
      info: () => store.info(),
      close: () => store.close(),
    };
  }

  #lightning(node: FleetNode, life: Life): Lightning {
    const { lightning } = node;
    return {
      channelsWith: (target) => life.call(() => lightning.channelsWith(target)),
      ownTargets: () => life.call(() => lightning.ownTargets()),
      targetsOf: (source) => life.call(() => lightning.targetsOf(source)),
      freeSat: () => life.call(() => lightning.freeSat()),
      feeSat: () => life.call(() => lightning.feeSat()),
      fund: (order) => life.call(() => lightning.fund(order)),
      knownChannels: (target) => life.call(() => lightning.knownChannels(target)),
      open: (...args) => life.call(() => lightning.open(...args)),
      look: (...args) => life.call(() => lightning.look(...args)),
      fence: (plan) => life.call(() => lightning.fence(plan)),
      unfence: () => life.call(() => lightning.unfence()),
    };
  }

  #channels({ channels }: FleetNode, life: Life): Channels {
    return {
      find: (name) => life.call(() => channels.find(name)),
      spliceIn: (...args) => life.call(() => channels.spliceIn(...args)),
      spliceOut: (...args) => life.call(() => channels.spliceOut(...args)),
      closeAgreed: (channel) => life.call(() => channels.closeAgreed(channel)),
    };
  }

  #port(node: FleetNode, life: Life): HivePort {
    return {
      standing: () => node.standing,
      send: (to, message) => {
        if (life.alive) {
          void life.call(async () => {
            this.#queue.push(() => this.#deliver(node.id, to, message));
          });
        }
      },
      announce: (target) => node.announced.push(`intent ${target}`),
      takeBack: (target) => node.announced.push(`abort ${target}`),
      sign: (text) => life.call(async () => `${node.id} signs ${text}`),
      verify: ({ signer, text, signature }) => signature === `${signer} signs ${text}`,
    };
  }

  async #deliver(from: NodeId, to: NodeId, message: LockMessage): Promise<void> {
    const node = this.nodes.find((one) => one.id === to);
    const apart = this.cut.has(from) !== this.cut.has(to);
    if (node?.life.alive === true && !apart && !this.drop(from, to, message)) {
      await node.desk.lock.receive(from, message);
    }
  }
}
