import path from 'node:path';
import { array, boolean, CodedError, object, text, u64 } from '@cl-hive/core';
import type { Fleet, FleetBackend, FleetEvent, FleetSpec } from '../contract/fleet.ts';
import { nodeDir } from '../fleet/fleet-dir.ts';
import { ringPairs } from '../fleet/ring.ts';
import { until } from '../fleet/until.ts';
import { findBinaries, type RealBinaries } from './binaries.ts';
import { type Bitcoind, startBitcoind } from './bitcoind.ts';
import { freePorts } from './daemon.ts';
import { type Lightningd, startLightningdProcess } from './lightningd.ts';
import { CHANNEL_SAT, SYNC_MS, WALLET_SAT } from './limits.ts';

/** What a fleet on real processes takes beside its {@link FleetSpec}. */
export interface RealBackendOptions {
  /** Folders with the programs, as in `$PATH`. */
  readonly searchPath?: string;
  /** Additions to the environment of every process, plugins included. */
  readonly env?: Readonly<Record<string, string>>;
  /** Gives up a start that is under way. */
  readonly signal?: AbortSignal;
  /** Default true, as on an ordinary node; false shows what will not work in later versions. */
  readonly allowDeprecatedApis?: boolean;
}

/** A fleet of real lightningd on a regtest chain. */
export interface RealFleet extends Fleet {
  readonly bitcoind: Bitcoind;
  /** Mines blocks and waits until every node has seen them. */
  readonly mine: (blocks: number) => Promise<void>;
}

/** A backend whose fleets are {@link RealFleet}. */
export interface RealBackend extends FleetBackend {
  readonly start: (spec: FleetSpec, on: (event: FleetEvent) => void) => Promise<RealFleet>;
}

const decodeChannels = object({
  channels: array(object({ state: text(), peer_connected: boolean })),
});
const decodeFunds = object({ outputs: array(object({ status: text(), amount_msat: u64 })) });
const decodeAddress = object({ p2tr: text() });

/**
 * Runs fleets on bitcoind and lightningd processes. `start` rejects with CodedError
 * `binaries_missing` when they are not on the PATH.
 */
export function realBackend(options: RealBackendOptions = {}): RealBackend {
  return {
    name: 'real',
    start: async (spec, on) => {
      const search = findBinaries(options.searchPath ?? process.env['PATH'] ?? '');
      if (search.kind === 'missing') {
        throw new CodedError('binaries_missing', search.message);
      }
      const stops: (() => Promise<void>)[] = [];
      let stopping: Promise<void> | undefined;
      const stop = (): Promise<void> => {
        stopping ??= stopAll(stops);
        return stopping;
      };
      try {
        return await startAll({ spec, on, options, binaries: search.paths, stops, stop });
      } catch (error) {
        await stop();
        throw error;
      }
    },
  };
}

/** Nodes at once, bitcoind after them. */
async function stopAll(stops: readonly (() => Promise<void>)[]): Promise<void> {
  const [bitcoind, ...nodes] = stops;
  await Promise.all(nodes.map((stop) => stop()));
  await bitcoind?.();
}

interface Start {
  readonly spec: FleetSpec;
  readonly on: (event: FleetEvent) => void;
  readonly options: RealBackendOptions;
  readonly binaries: RealBinaries;
  /** bitcoind's first, then those of the nodes. */
  readonly stops: (() => Promise<void>)[];
  readonly stop: () => Promise<void>;
}

async function startAll(start: Start): Promise<RealFleet> {
  const { spec, on, options, stops } = start;
  const { signal } = options;
  const env = options.env ?? {};
  on({ kind: 'progress', text: 'starting bitcoind on regtest' });
  const bitcoind = await startBitcoind({
    program: start.binaries.bitcoind,
    dir: path.join(spec.dir, 'bitcoind'),
    env,
    signal,
    onDeath: (reason) => {
      on({ kind: 'log', node: 1, level: 'broken', source: 'bitcoind', text: reason });
    },
  });
  stops.push(bitcoind.stop);
  on({ kind: 'progress', text: `starting ${spec.nodes} lightningd` });
  const ports = await freePorts(spec.nodes);
  const starting = ports.map(async (port, index) => {
    const node = await startLightningdProcess({
      number: index + 1,
      dir: nodeDir(spec.dir, index + 1),
      port,
      plugins: spec.plugins,
      binaries: start.binaries,
      bitcoind,
      allowDeprecatedApis: options.allowDeprecatedApis ?? true,
      env,
      signal,
      on,
    });
    stops.push(node.stop);
    return node;
  });
  // All of them, so that a failure does not leave another one starting behind our back.
  const settled = await Promise.allSettled(starting);
  for (const outcome of settled) {
    if (outcome.status === 'rejected') {
      throw outcome.reason;
    }
  }
  const nodes = await Promise.all(starting);
  const mine = async (blocks: number): Promise<void> => {
    const height = await bitcoind.mine(blocks);
    await Promise.all(nodes.map((node) => node.reach(height)));
  };
  await fund({ nodes, bitcoind, mine, on, signal });
  await openRing({ nodes, bitcoind, mine, on, signal });
  return { nodes, stop: start.stop, bitcoind, mine };
}

interface Running {
  readonly nodes: readonly Lightningd[];
  readonly bitcoind: Bitcoind;
  readonly mine: (blocks: number) => Promise<void>;
  readonly on: (event: FleetEvent) => void;
  readonly signal: AbortSignal | undefined;
}

async function fund({ nodes, bitcoind, mine, on, signal }: Running): Promise<void> {
  on({ kind: 'progress', text: 'funding the wallets' });
  for (const node of nodes) {
    const { p2tr } = decodeAddress(await node.rpc.raw('newaddr', { addresstype: 'p2tr' }));
    await bitcoind.call('sendtoaddress', [p2tr, WALLET_SAT / 100_000_000]);
  }
  await mine(1);
  for (const node of nodes) {
    await until(
      async () =>
        decodeFunds(await node.rpc.raw('listfunds')).outputs.some(
          ({ status }) => status === 'confirmed',
        ),
      { what: `the funds of node ${node.number}`, timeoutMs: SYNC_MS, intervalMs: 100, signal },
    );
  }
}

async function openRing({ nodes, bitcoind, mine, on, signal }: Running): Promise<void> {
  const pairs = ringPairs(nodes.length);
  if (pairs.length === 0) {
    return;
  }
  on({ kind: 'progress', text: `opening ${pairs.length} channels` });
  for (const [from, to] of pairs) {
    const [opener, peer] = [nodes[from - 1], nodes[to - 1]];
    if (opener !== undefined && peer !== undefined) {
      await opener.rpc.raw('connect', { id: peer.id, host: '127.0.0.1', port: peer.port });
      await opener.rpc.raw('fundchannel', {
        id: peer.id,
        amount: CHANNEL_SAT,
        push_msat: (CHANNEL_SAT / 2) * 1000,
      });
    }
  }
  await until(
    async () => {
      const waiting = await bitcoind.call('getrawmempool');
      return Array.isArray(waiting) && waiting.length >= pairs.length;
    },
    { what: 'the funding transactions', timeoutMs: SYNC_MS, signal },
  );
  await mine(6);
  for (const node of nodes) {
    await until(
      async () => {
        const { channels } = decodeChannels(await node.rpc.raw('listpeerchannels'));
        return channels.every((it) => it.state === 'CHANNELD_NORMAL' && it.peer_connected);
      },
      { what: `the channels of node ${node.number}`, timeoutMs: SYNC_MS, intervalMs: 100, signal },
    );
  }
}
