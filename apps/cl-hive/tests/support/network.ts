import {
  bytesToHex,
  hexToBytes,
  type JsonValue,
  type NodeId,
  nodeId,
  parseJson,
  stringifyJson,
} from '@cl-hive/core';
import { newFleetState, newMembership, type Tier } from '@cl-hive/hive';
import {
  type Curve,
  decodeHiveMessage,
  escapedText,
  nobleCurve,
  sha256Hex,
  signMessage,
} from '@cl-hive/protocol';
import { SeededRandom, VirtualClock } from '@cl-hive/testkit';
import { Hive } from '../../src/hive.ts';
import type { HiveState } from '../../src/hive-core.ts';
import { TICK_MS } from '../../src/limits.ts';
import type { Disk } from '../../src/line/line.ts';
import type { HivePorts, OwnHoldings } from '../../src/ports/ports.ts';

/** What a node would say of its channels. */
export interface TestHoldings {
  capacitySat: bigint;
  availableSat: bigint;
  topology: readonly NodeId[];
}

/** A message on its way, as the network sees it. */
export interface Carried {
  readonly from: NodeId;
  readonly to: NodeId;
  /** The type's name, or `hive:` and the topic. */
  readonly what: string;
  readonly bytes: number;
}

/** A key of a test, the same for the same number. */
export function testKey(index: number): { readonly secret: Uint8Array; readonly id: NodeId } {
  const secret = hexToBytes(sha256Hex(`node ${index}`));
  return { secret, id: nodeId(bytesToHex(nobleCurve.publicKey(secret))) };
}

/** A state of a node that was never in a hive. */
export function freshState(self: NodeId): HiveState {
  return {
    membership: newMembership(self),
    fleet: newFleetState(self),
    own: undefined,
    outbox: new Map(),
    seen: new Map(),
    records: { presence: new Map(), contributions: new Map() },
    time: undefined,
  };
}

/** The same in a hive with these members. */
export function memberState(
  self: NodeId,
  members: ReadonlyMap<NodeId, Tier>,
  hiveId = 'test',
): HiveState {
  const fresh = freshState(self);
  const joined = new Map(
    [...members].map(([node, tier]) => [node, { tier, joinedAt: 1_790_000_000 }] as const),
  );
  return { ...fresh, membership: { ...fresh.membership, hiveId, members: joined } };
}

/** Keeps nothing: for tests that never start a node again. */
export const memoryDisk: Disk = { commit: () => Promise.resolve() };

/** One node of a {@link Network}. */
export interface TestNode {
  readonly id: NodeId;
  readonly secret: Uint8Array;
  hive: Hive;
  holdings: TestHoldings;
  autoJoin: boolean;
  /** Whether it runs; what is sent to it while it does not is lost. */
  up: boolean;
}

/** Nodes with real runners on ports in memory, and virtual time that they share. */
export class Network {
  readonly clock = new VirtualClock(1_795_000_000_000);
  readonly nodes = new Map<NodeId, TestNode>();
  readonly log: string[] = [];
  /** Every message that was handed to the network, lost ones too. */
  readonly carried: Carried[] = [];
  /** Says of a message whether it arrives. */
  arrives: (message: Carried) => boolean = () => true;
  readonly #curve = rememberingCurve();
  readonly #links = new Set<string>();
  readonly #channels = new Set<string>();
  readonly #recorders = new Set<NodeId>();
  readonly #random = new SeededRandom(7);
  #queue: (() => Promise<unknown>)[] = [];

  /** Adds a node with its stored state; it runs at once. */
  add(index: number, state?: (id: NodeId) => HiveState, disk: Disk = memoryDisk): TestNode {
    const { secret, id } = testKey(index);
    const node: TestNode = {
      id,
      secret,
      hive: undefined as unknown as Hive,
      holdings: { capacitySat: 1_000_000n, availableSat: 500_000n, topology: [] },
      autoJoin: false,
      up: true,
    };
    this.nodes.set(id, node);
    this.start(node, (state ?? freshState)(id), disk);
    return node;
  }

  /** Adds a node that hears and says nothing by itself: what is sent to it is in `carried`. */
  addRecorder(id: NodeId): void {
    this.#recorders.add(id);
  }

  /** Starts a node (again) with what was stored. */
  start(node: TestNode, state: HiveState, disk: Disk = memoryDisk): void {
    const settings = { autoJoin: () => node.autoJoin };
    node.hive = new Hive(node.id, this.#ports(node, disk), settings, state);
    node.up = true;
  }

  /** Connects two nodes, and opens a channel between them unless told otherwise. */
  link(a: NodeId, b: NodeId, channel = true): void {
    this.#links.add(pair(a, b));
    if (channel) {
      this.#channels.add(pair(a, b));
    }
  }

  unlink(a: NodeId, b: NodeId): void {
    this.#links.delete(pair(a, b));
  }

  /** Delivers what is under way, and what follows from it, until nothing moves. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 2; ) {
      const batch = this.#queue;
      this.#queue = [];
      for (const deliver of batch) {
        await deliver();
      }
      await new Promise<void>((resolve) => setImmediate(resolve));
      const busy = this.#queue.length > 0 || [...this.nodes.values()].some(({ hive }) => hive.busy);
      quiet = busy ? 0 : quiet + 1;
    }
  }

  /** Lets virtual time pass, with a tick of every running node each {@link TICK_MS}. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= TICK_MS) {
      this.clock.advance(Math.min(left, TICK_MS));
      for (const { hive, up } of this.nodes.values()) {
        if (up) {
          await hive.tick();
        }
      }
      await this.settle();
    }
  }

  /** Lets time pass until `holds`, at most `ms`; answers how much passed, undefined when it never held. */
  async passUntil(holds: () => boolean, ms: number): Promise<number | undefined> {
    for (let passed = 0; passed <= ms; passed += TICK_MS) {
      if (holds()) {
        return passed;
      }
      await this.pass(TICK_MS);
    }
    return undefined;
  }

  #isLinked(a: NodeId, b: NodeId): boolean {
    const other = this.nodes.get(b);
    return this.#links.has(pair(a, b)) && (this.#recorders.has(b) || other?.up === true);
  }

  #hand(
    from: TestNode,
    to: NodeId,
    what: string,
    bytes: number,
    deliver: (hive: Hive) => Promise<unknown>,
  ): boolean {
    if (!from.up || !this.#isLinked(from.id, to)) {
      return false;
    }
    const message = { from: from.id, to, what, bytes };
    this.carried.push(message);
    if (this.arrives(message)) {
      this.#queue.push(async () => {
        const node = this.nodes.get(to);
        return node?.up === true ? deliver(node.hive) : undefined;
      });
    }
    return true;
  }

  #ports(node: TestNode, disk: Disk): HivePorts {
    const sign = (text: string) => signMessage(escapedText(text), node.secret).zbase;
    return {
      clock: this.clock,
      random: this.#random.fork(),
      disk,
      curve: this.#curve,
      log: (level, message) => {
        if (level !== 'debug') {
          this.log.push(`${node.id.slice(0, 8)} ${level}: ${message}`);
        }
      },
      signer: { sign: async (text) => sign(text) },
      wire: {
        send: async (to, bytes) =>
          this.#hand(node, to, nameOf(bytes), bytes.length, (hive) =>
            hive.dispatcher.take(node.id, bytes),
          ),
        sendNative: async (to, topic, payload) => {
          const text = stringifyJson(payload);
          return this.#hand(node, to, `hive:${topic}`, text.length, (hive) =>
            hive.dispatcher.takeNative({ from: node.id, topic, payload: copyOf(text) }),
          );
        },
      },
      node: {
        hasChannel: async (peer) => this.#channels.has(pair(node.id, peer)),
        capacitySat: async (other) => this.nodes.get(other)?.holdings.capacitySat ?? 0n,
        holdings: async (): Promise<OwnHoldings> => ({
          ...node.holdings,
          feePolicy: { base_fee: 0, fee_rate: 0, min_htlc: 0n, max_htlc: 0n, cltv_delta: 40 },
          addresses: [],
        }),
        connected: async () =>
          new Set(
            [...this.nodes.keys(), ...this.#recorders].filter((other) =>
              this.#isLinked(node.id, other),
            ),
          ),
        connect: async () => false,
      },
    };
  }
}

/** Fifty nodes check the same signatures: each is really checked once. */
function rememberingCurve(): Curve {
  const known = new Map<string, Uint8Array | undefined>();
  return {
    ...nobleCurve,
    ecdsaRecover: (digest, signature, recid) => {
      const key = `${bytesToHex(digest)}${bytesToHex(signature)}${recid}`;
      if (!known.has(key)) {
        known.set(key, nobleCurve.ecdsaRecover(digest, signature, recid));
      }
      return known.get(key);
    },
  };
}

function pair(a: NodeId, b: NodeId): string {
  return [a, b].sort().join('/');
}

function nameOf(bytes: Uint8Array): string {
  const decoded = decodeHiveMessage(bytes);
  return decoded.ok && decoded.value.kind === 'known' ? decoded.value.name : 'unknown';
}

function copyOf(text: string): JsonValue {
  return parseJson(text);
}
