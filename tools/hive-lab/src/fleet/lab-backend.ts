import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { connectRpc } from '@cl-hive/cln-rpc';
import type { Clock } from '@cl-hive/core';
import { SeededRandom } from '@cl-hive/testkit';
import type {
  Fleet,
  FleetBackend,
  FleetEvent,
  FleetSpec,
  RestartableNode,
} from '../contract/fleet.ts';
import type { NodeWorld } from '../contract/node.ts';
import {
  describeEnd,
  type Lightningd,
  type NodeEnd,
  type PluginView,
  startLightningd,
} from '../lightningd/index.ts';
import { systemClock } from '../lightningd/system-clock.ts';
import {
  generateNetwork,
  type MiningPlan,
  type PublicNetwork,
  readGossmap,
  World,
} from '../world/index.ts';
import { FleetClock } from './fleet-clock.ts';
import { nodeDir } from './fleet-dir.ts';
import { ringPairs } from './ring.ts';

/** What an emulated fleet takes beside its {@link FleetSpec}. */
export interface LabBackendOptions {
  /** Gives up a start that is under way. */
  readonly signal?: AbortSignal;
  /** The machine's unless given. */
  readonly clock?: Clock;
  /** When blocks are mined; only when asked for, unless given. */
  readonly mining?: MiningPlan;
}

/** A node of an emulated fleet. */
export interface LabFleetNode extends RestartableNode {
  /** The plugins that it runs now. */
  readonly plugins: () => readonly PluginView[];
  /** Why it runs no more; undefined while it runs. */
  readonly ended: () => NodeEnd | undefined;
}

/** A fleet of emulated lightningd in this process. */
export interface LabFleet extends Fleet {
  readonly nodes: readonly LabFleetNode[];
  readonly world: World;
}

/** A backend whose fleets are {@link LabFleet}. */
export interface LabBackend extends FleetBackend {
  readonly start: (spec: FleetSpec, on: (event: FleetEvent) => void) => Promise<LabFleet>;
}

/** Satoshi in each node's wallet, and the capacity of each channel of the ring. */
const WALLET_SAT = 100_000_000n;
const CHANNEL_SAT = 5_000_000;
/** Blocks until a channel is announced (BOLT 7). */
const ANNOUNCE_BLOCKS = 6;

/** Runs fleets on hive-lab's own lightningd, in this process; only their plugins are processes. */
export function labBackend(options: LabBackendOptions = {}): LabBackend {
  return {
    name: 'lab',
    start: async (spec, on) => {
      const clock = new FleetClock(options.clock ?? systemClock);
      if (spec.gossmap !== undefined || spec.publicNodes > 0) {
        on({ kind: 'progress', text: describeNetwork(spec) });
      }
      const random = new SeededRandom(spec.seed);
      const publicNetwork = publicNetworkOf(spec, clock);
      const world = new World({
        clock,
        random,
        ...(publicNetwork === undefined ? {} : { publicNetwork }),
      });
      const nodes = Array.from(
        { length: spec.nodes },
        (_, index) => new RunningNode({ number: index + 1, spec, world, clock, on }),
      );
      let stopping: Promise<void> | undefined;
      const stop = (): Promise<void> => {
        stopping ??= Promise.all(nodes.map((node) => node.end('stop'))).then(() => clock.close());
        return stopping;
      };
      try {
        on({
          kind: 'progress',
          text: `starting ${count(spec.nodes, 'node')} with ${count(spec.plugins.length, 'plugin')} each`,
        });
        await startAll(nodes, options.signal);
        await openRing({ nodes, world, on, signal: options.signal });
        world.mineBy(options.mining ?? {});
      } catch (error) {
        await stop();
        throw error;
      }
      return { nodes, world, stop };
    },
  };
}

function describeNetwork(spec: FleetSpec): string {
  return spec.gossmap === undefined
    ? `making a public network of ${spec.publicNodes} nodes`
    : `loading the public network from ${spec.gossmap}`;
}

function publicNetworkOf(spec: FleetSpec, clock: Clock): PublicNetwork | undefined {
  const nowSeconds = Math.floor(clock.now() / 1000);
  if (spec.gossmap !== undefined) {
    return readGossmap(readFileSync(spec.gossmap), spec.seed, nowSeconds);
  }
  return spec.publicNodes === 0
    ? undefined
    : generateNetwork({ nodes: spec.publicNodes, seed: spec.seed, nowSeconds });
}

/** All of them, so that a failure does not leave another one starting behind our back. */
async function startAll(
  nodes: readonly RunningNode[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const outcomes = await Promise.allSettled(nodes.map((node) => node.restart()));
  signal?.throwIfAborted();
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') {
      throw outcome.reason;
    }
  }
}

interface NodeSetup {
  readonly number: number;
  readonly spec: FleetSpec;
  readonly world: World;
  readonly clock: Clock;
  readonly on: (event: FleetEvent) => void;
}

class RunningNode implements LabFleetNode {
  readonly number: number;
  readonly id: LabFleetNode['id'];
  readonly lightningDir: string;
  readonly rpcFile: string;
  readonly alias: string;
  readonly address: { readonly host: string; readonly port: number };
  readonly #setup: NodeSetup;
  readonly #dir: string;
  readonly #secretKey: Uint8Array;
  readonly #world: NodeWorld;
  #running: Lightningd | undefined;
  #ending = false;

  constructor(setup: NodeSetup) {
    const { number, spec, world } = setup;
    this.#setup = setup;
    this.number = number;
    this.alias = `hive-lab-${number}`;
    this.address = { host: '127.0.0.1', port: 9735 + number };
    this.#dir = nodeDir(spec.dir, number);
    this.lightningDir = path.join(this.#dir, 'regtest');
    this.rpcFile = path.join(this.lightningDir, 'lightning-rpc');
    this.#secretKey = world.secretKey(number);
    const { alias, address, lightningDir } = this;
    const added = world.addNode({ secretKey: this.#secretKey, alias, lightningDir, address });
    this.id = added.id;
    this.#world = added;
  }

  plugins(): readonly PluginView[] {
    return this.#running?.plugins() ?? [];
  }

  ended(): NodeEnd | undefined {
    return this.#running?.ended();
  }

  async end(how: 'stop' | 'kill'): Promise<void> {
    this.#ending = true;
    await (how === 'stop' ? this.#running?.stop() : this.#running?.kill());
  }

  async restart(): Promise<void> {
    const { number, spec, clock, on } = this.#setup;
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    const log = createWriteStream(path.join(this.#dir, 'log'), { flags: 'a', mode: 0o600 });
    // A full disk costs the log, not the fleet.
    log.on('error', () => undefined);
    this.#ending = false;
    this.#running = await startLightningd({
      dir: this.#dir,
      alias: this.alias,
      secretKey: this.#secretKey,
      plugins: spec.plugins,
      world: this.#world,
      clock,
      onLog: ({ level, source, text, time }) => {
        log.write(`${new Date(time).toISOString()} ${level.toUpperCase()} ${source}: ${text}\n`);
        on({ kind: 'log', node: number, level, source, text });
      },
      onStderr: (plugin, line) => log.write(`${plugin} (stderr): ${line}\n`),
      onExit: (end) => {
        log.end();
        if (!this.#ending) {
          on({ kind: 'node_died', node: number, reason: describeEnd(end) });
        }
      },
    });
  }
}

async function openRing(ring: {
  readonly nodes: readonly RunningNode[];
  readonly world: World;
  readonly on: (event: FleetEvent) => void;
  readonly signal: AbortSignal | undefined;
}): Promise<void> {
  const { nodes, world, on, signal } = ring;
  for (const node of nodes) {
    world.fund(node.id, WALLET_SAT);
  }
  world.mine(1);
  const pairs = ringPairs(nodes.length);
  if (pairs.length === 0) {
    return;
  }
  on({
    kind: 'progress',
    text: `connecting the nodes and opening ${count(pairs.length, 'channel')}`,
  });
  for (const [from, to] of pairs) {
    signal?.throwIfAborted();
    const [opener, peer] = [nodes[from - 1], nodes[to - 1]];
    if (opener !== undefined && peer !== undefined) {
      await openChannel(opener, peer);
    }
  }
  world.mine(ANNOUNCE_BLOCKS);
}

async function openChannel(opener: RunningNode, peer: RunningNode): Promise<void> {
  const rpc = connectRpc({ path: opener.rpcFile, caller: 'hive-lab' });
  try {
    await rpc.raw('connect', { id: peer.id, ...peer.address });
    await rpc.raw('fundchannel', {
      id: peer.id,
      amount: CHANNEL_SAT,
      push_msat: (CHANNEL_SAT / 2) * 1000,
    });
  } finally {
    await rpc.close();
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
