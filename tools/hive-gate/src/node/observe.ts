import { readdirSync, readFileSync, readlinkSync, statfsSync, statSync } from 'node:fs';
import path from 'node:path';
import { connectRpc, type RpcClient } from '@cl-hive/cln-rpc';
import {
  anyJson,
  array,
  boolean,
  integer,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  number,
  object,
  optional,
  text,
} from '@cl-hive/core';
import { PLUGIN_NAMES, type PluginName } from '@cl-hive/hive-lab';
import { dataFiles } from '../collectors/file-modes.ts';
import { plainText } from '../files.ts';

const STATUS: Readonly<Record<PluginName, string>> = {
  'cl-hive-comms': 'hive-comms-status',
  'cl-hive-archon': 'hive-archon-status',
  'cl-hive': 'hive-status',
};
const OPTION = /^hive-(?:comms-|archon-|db$|governance|failsafe|budget|lock)/;
const MIB = 1024 * 1024;

const decodeStatus = object({
  version: text(64),
  state: text(32),
  waiting_for: optional(text(100)),
  waiting_reason: optional(text(500)),
  problem: optional(object({ message: text(2000), remedy: optional(text(2000)) })),
  database: optional(
    object({
      location: text(2000),
      schema_version: integer(0),
      durable: boolean,
      log_bytes: optional(integer(0)),
    }),
  ),
  siblings: array(
    object({ name: text(64), state: text(32), needed: boolean, reason: optional(text(2000)) }),
    10,
  ),
  problems: optional(array(anyJson, 100)),
});
const decodeInfo = object({
  version: text(100),
  'lightning-dir': text(4000),
  num_peers: integer(0),
  warning_bitcoind_sync: optional(text()),
  warning_lightningd_sync: optional(text()),
});
const decodeForward = object({ status: text(32), received_time: number });

/** Opens a node's RPC for `body` alone. */
export async function withNodeRpc<T>(
  rpcFile: string,
  body: (rpc: RpcClient) => Promise<T>,
): Promise<T> {
  const rpc = connectRpc({ path: rpcFile, caller: 'hive-gate' });
  try {
    return await body(rpc);
  } finally {
    await rpc.close();
  }
}

/** A process of a plugin: who it is, since when, and how much memory it holds. */
export interface PluginProcess {
  readonly name: PluginName;
  readonly pid: number;
  readonly parent: number;
  readonly started: number;
  readonly resident: number;
}

/** The plugins' processes of the node that works in this folder; empty where there is no /proc. */
export function pluginProcesses(lightningDir: string): readonly PluginProcess[] {
  let pids: readonly string[] = [];
  try {
    pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  } catch {
    // Not Linux: memory and starts are then unknown.
  }
  return pids.flatMap((pid) => processOf(pid, lightningDir) ?? []);
}

function processOf(pid: string, lightningDir: string): PluginProcess | undefined {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const name = PLUGIN_NAMES.find((plugin) =>
      words.some((word) => word.endsWith(`/${plugin}.js`)),
    );
    if (name === undefined || readlinkSync(`/proc/${pid}/cwd`) !== lightningDir) {
      return undefined;
    }
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const field = (key: string): number =>
      Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
    const started = Math.floor(statSync(`/proc/${pid}`).ctimeMs);
    return { name, pid: Number(pid), parent: field('PPid'), started, resident: field('VmRSS') };
  } catch {
    // It ended meanwhile, or is somebody else's.
    return undefined;
  }
}

/** When a process began, Unix ms; 0 where that cannot be told. */
export function startOf(pid: number): number {
  try {
    return Math.floor(statSync(`/proc/${pid}`).ctimeMs);
  } catch {
    return 0;
  }
}

/** Forwards by day, the newest day last, each 24 h long and ending at `until`. */
export async function forwardDays(
  rpc: RpcClient,
  until: number,
  days: number,
): Promise<
  readonly { readonly from: number; readonly settled: number; readonly failed: number }[]
> {
  const { forwards } = object({ forwards: array(decodeForward) })(await rpc.raw('listforwards'));
  const day = 86_400_000;
  return Array.from({ length: days }, (_, index) => {
    const from = until - (days - index) * day;
    const mine = forwards.filter(({ received_time }) => {
      const at = received_time * 1000;
      return at >= from && at < from + day;
    });
    const settled = mine.filter(({ status }) => status === 'settled').length;
    const failed = mine.filter(({ status }) => /^(?:local_)?failed$/.test(status)).length;
    return { from, settled, failed };
  });
}

/** Peers and gossip of a node. */
export async function surroundings(rpc: RpcClient): Promise<{
  readonly peers: number;
  readonly gossip_channels: number;
  readonly lightningDir: string;
}> {
  const info = decodeInfo(await rpc.raw('getinfo'));
  const { channels } = object({ channels: array(anyJson) })(await rpc.raw('listchannels'));
  return {
    peers: info.num_peers,
    gossip_channels: channels.length,
    lightningDir: info['lightning-dir'],
  };
}

/** Members of the fleet and how many of them agree, where cl-hive says so. */
export function fleetOf(status: unknown): JsonObject | undefined {
  const fleet = isJsonObject(status) ? status['fleet'] : undefined;
  const known =
    fleet !== undefined && isJsonObject(fleet) ? [fleet['members'], fleet['in_sync']] : [];
  return known.length === 2 && known.every((value) => typeof value === 'number')
    ? { members: known[0] ?? 0, in_sync: known[1] ?? 0 }
    : undefined;
}

/** Everything that `doctor` judges of one node. */
export async function examineNode(rpc: RpcClient, now: number): Promise<JsonObject> {
  const info = decodeInfo(await rpc.raw('getinfo'));
  const folder = info['lightning-dir'];
  const plugins: JsonValue[] = [];
  const files: JsonValue[] = [];
  for (const name of PLUGIN_NAMES) {
    const status = await rpc.raw(STATUS[name]).catch(() => undefined);
    if (status !== undefined) {
      plugins.push(await pluginView(rpc, name, status));
      files.push(...filesOf(path.join(folder, name), name));
    }
  }
  const { bavail, bsize } = statfsSync(folder);
  return {
    lightningd: info.version,
    synced: info.warning_bitcoind_sync === undefined && info.warning_lightningd_sync === undefined,
    plugins,
    orphan_options: await orphanOptions(rpc, folder),
    disk_free_mib: Math.floor((bavail * bsize) / MIB),
    clock_behind_block_seconds: await behindBlock(rpc, now),
    files,
  };
}

function filesOf(folder: string, name: string): readonly JsonValue[] {
  try {
    return dataFiles(folder, name).map((file) => ({ ...file }));
  } catch {
    // The database is elsewhere, or this is not the node's user.
    return [];
  }
}

async function pluginView(rpc: RpcClient, name: PluginName, input: unknown): Promise<JsonObject> {
  const status = decodeStatus(input);
  const { problem, database } = status;
  const why = problem?.message ?? status.waiting_reason;
  const next =
    problem?.remedy ??
    (status.waiting_for === undefined ? undefined : `start ${status.waiting_for}`);
  return {
    name,
    version: status.version,
    state: status.state,
    ...(why === undefined ? {} : { why }),
    ...(next === undefined ? {} : { next }),
    ...(database === undefined
      ? {}
      : {
          database: {
            location: database.location,
            schema_version: database.schema_version,
            durable: database.durable,
            log_mib: Math.floor((database.log_bytes ?? 0) / MIB),
          },
        }),
    siblings: status.siblings.map((sibling) => ({ ...sibling })),
    relays: name === 'cl-hive-comms' ? await relaysOf(rpc) : [],
    problems: (status.problems ?? []).map((entry) =>
      isJsonObject(entry)
        ? `${plainText(entry['option'])}: ${plainText(entry['message'] ?? entry['problem'])}`
        : plainText(entry),
    ),
  };
}

const decodeRelays = object({
  relays: optional(
    array(object({ url: text(500), state: optional(text(50)), connected: optional(boolean) })),
  ),
});

async function relaysOf(rpc: RpcClient): Promise<readonly JsonValue[]> {
  const answer = await rpc.raw('hive-client-identity', { action: 'relays' }).catch(() => ({}));
  const { relays = [] } = decodeRelays(answer);
  return relays.map(({ url, state, connected }) => ({
    url,
    connected: connected ?? /^(?:open|connected|ready|up)$/.test(state ?? ''),
  }));
}

/** Options of the suite in the configuration file that no running plugin declares. */
async function orphanOptions(rpc: RpcClient, folder: string): Promise<readonly string[]> {
  const configured = ['config', '../config', 'config.setconfig'].flatMap((name) => {
    try {
      return readFileSync(path.join(folder, name), 'utf8').split('\n');
    } catch {
      return [];
    }
  });
  const names = configured
    .map((line) => line.trim().split('=')[0] ?? '')
    .filter((name) => OPTION.test(name));
  const { configs } = object({ configs: optional(anyJson) })(await rpc.raw('listconfigs'));
  const known = configs !== undefined && isJsonObject(configs) ? Object.keys(configs) : [];
  return [...new Set(names)].filter((name) => !known.includes(name));
}

/** How far this machine's clock is behind the newest block's time, s; 0 when it is not. */
async function behindBlock(rpc: RpcClient, now: number): Promise<number> {
  const { time } = object({ time: optional(number) })(
    await rpc.raw('getchaininfo', { last_height: 0 }).catch(() => ({})),
  );
  return time === undefined ? 0 : Math.max(0, Math.floor(time - now / 1000));
}
