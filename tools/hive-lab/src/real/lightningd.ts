import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { connectRpc, type RpcClient } from '@cl-hive/cln-rpc';
import { CodedError, integer, nodeIdDecoder, object } from '@cl-hive/core';
import type { FleetEvent, PluginSpec, RestartableNode } from '../contract/fleet.ts';
import { until } from '../fleet/until.ts';
import type { RealBinaries } from './binaries.ts';
import type { Bitcoind } from './bitcoind.ts';
import { Daemon, type DaemonSpec } from './daemon.ts';
import { DAEMON_START_MS, SYNC_MS } from './limits.ts';

/** How one lightningd is started. */
export interface LightningdOptions {
  readonly number: number;
  /** Its `lightning-dir`; made when missing. */
  readonly dir: string;
  readonly port: number;
  readonly plugins: readonly PluginSpec[];
  readonly binaries: RealBinaries;
  readonly bitcoind: Bitcoind;
  /** Whether deprecated commands answer, as they do outside developer mode. */
  readonly allowDeprecatedApis: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
  readonly on: (event: FleetEvent) => void;
}

/** A running lightningd. */
export interface Lightningd extends RestartableNode {
  readonly port: number;
  readonly rpc: RpcClient;
  /** Resolves when the node has seen the block at `height`. */
  readonly reach: (height: number) => Promise<void>;
  readonly stop: () => Promise<void>;
}

const decodeInfo = object({ id: nodeIdDecoder, blockheight: integer(0) });
const NETWORK = 'regtest';

/** Warnings that every start of v26.06 logs, and that mean nothing on regtest. */
const HARMLESS = [
  /^topic 'utxo_\w+' is not a known notification topic$/,
  /created new hsm_secret file$/,
  /^Ignoring fee limits!$/,
];

/**
 * Starts lightningd in developer mode, which it needs for fast gossip and a fast look at new
 * blocks. It is stopped again on a failure; then CodedError `daemon_died` repeats its last words.
 */
export async function startLightningdProcess(options: LightningdOptions): Promise<Lightningd> {
  const { number, dir, signal } = options;
  const lightningDir = path.join(dir, NETWORK);
  const rpcFile = path.join(lightningDir, 'lightning-rpc');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  writeFileSync(path.join(dir, 'config'), configuration(options), { mode: 0o600 });
  const spec: DaemonSpec = {
    name: `lightningd of node ${number}`,
    program: options.binaries.lightningd,
    args: [`--lightning-dir=${dir}`, `--network=${NETWORK}`, '--developer'],
    logFile: path.join(dir, 'log'),
    env: options.env,
    onLine: (line) => {
      const entry = parseLogLine(line);
      if (entry !== undefined && !HARMLESS.some((known) => known.test(entry.text))) {
        options.on({ kind: 'log', node: number, ...entry });
      }
    },
    onDeath: (reason) => options.on({ kind: 'node_died', node: number, reason }),
  };
  let daemon = new Daemon(spec);
  const rpc = connectRpc({ path: rpcFile, caller: 'hive-lab' });
  const info = async (): Promise<ReturnType<typeof decodeInfo>> => {
    daemon.assertRunning();
    return decodeInfo(await rpc.raw('getinfo'));
  };
  const stop = async (): Promise<void> => {
    await daemon.stop(() => rpc.raw('stop'));
    await rpc.close();
  };
  try {
    const { id } = await untilAnswering(info, number, signal);
    return {
      number,
      id,
      lightningDir,
      rpcFile,
      port: options.port,
      rpc,
      reach: async (height) => {
        await until(async () => (await info()).blockheight >= height, {
          what: `node ${number} to reach block ${height}`,
          timeoutMs: SYNC_MS,
          intervalMs: 100,
          signal,
        });
      },
      stop,
      end: (how) => daemon.stop(how === 'stop' ? () => rpc.raw('stop') : () => daemon.kill()),
      restart: async () => {
        daemon = new Daemon(spec);
        await untilAnswering(info, number, signal);
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Waits until the node answers. Throws `daemon_died` as soon as its process has ended. */
async function untilAnswering(
  info: () => Promise<ReturnType<typeof decodeInfo>>,
  number: number,
  signal: AbortSignal | undefined,
): Promise<ReturnType<typeof decodeInfo>> {
  let dead: CodedError | undefined;
  const answered = await until<ReturnType<typeof decodeInfo> | 'dead'>(
    () =>
      info().catch((error: unknown) => {
        // A process that ended does not come back: no use in waiting for the deadline.
        if (error instanceof CodedError && error.code === 'daemon_died') {
          dead = error;
          return 'dead' as const;
        }
        throw error;
      }),
    {
      what: `lightningd of node ${number} to answer`,
      timeoutMs: DAEMON_START_MS,
      signal,
      intervalMs: 100,
    },
  );
  if (answered === 'dead') {
    throw dead ?? new CodedError('daemon_died', `lightningd of node ${number} ended`);
  }
  return answered;
}

function configuration(options: LightningdOptions): string {
  const { bitcoind } = options;
  const lines = [
    `alias=hive-lab-${options.number}`,
    `bind-addr=127.0.0.1:${options.port}`,
    'disable-dns',
    'announce-addr-discovered=false',
    'log-level=debug',
    `allow-deprecated-apis=${options.allowDeprecatedApis}`,
    `bitcoin-cli=${options.binaries['bitcoin-cli']}`,
    'bitcoin-rpcconnect=127.0.0.1',
    `bitcoin-rpcport=${bitcoind.rpcPort}`,
    `bitcoin-rpcuser=${bitcoind.rpcUser}`,
    `bitcoin-rpcpassword=${bitcoind.rpcPassword}`,
    'dev-fast-gossip',
    'dev-bitcoind-poll=1',
    'dev-allow-localhost',
    ...options.plugins.flatMap((plugin) => [`plugin=${plugin.path}`, ...optionLines(plugin)]),
  ];
  return `${lines.join('\n')}\n`;
}

/** A plugin's options as lines of a configuration file. Throws CodedError `bad_option` on a line break. */
export function optionLines(plugin: PluginSpec): readonly string[] {
  return Object.entries(plugin.options ?? {}).flatMap(([name, value]) => {
    const values = Array.isArray(value) ? (value as readonly string[]) : [value as string];
    return values.map((one) => {
      const line = `${name}=${one}`;
      if (/[\r\n]/.test(line)) {
        throw new CodedError('bad_option', `the option ${name} has a line break in its value`);
      }
      return line;
    });
  });
}

/** Level, source and text of a line of lightningd's log; undefined for anything else it prints. */
export function parseLogLine(
  line: string,
): { readonly level: string; readonly source: string; readonly text: string } | undefined {
  const match = /^\S+Z\s+\**(\w+)\**\s+(\S+?): (.*)$/.exec(line);
  const [, level, source, text] = match ?? [];
  return level === undefined || source === undefined || text === undefined
    ? undefined
    : { level: level.toLowerCase(), source, text };
}
