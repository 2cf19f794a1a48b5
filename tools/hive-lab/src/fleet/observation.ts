import path from 'node:path';
import type { RpcClient } from '@cl-hive/cln-rpc';
import {
  array,
  boolean,
  type Decoder,
  describeError,
  integer,
  type NodeId,
  nodeIdDecoder,
  object,
  text,
} from '@cl-hive/core';
import { OBSERVE_TIMEOUT_MS } from './limits.ts';
import { decodePluginStatus, type PluginStatus, STATUS_METHODS } from './plugin-status.ts';

/** How a plugin presents itself. */
export type PluginObservation =
  | { readonly kind: 'absent' }
  /** lightningd has started it; it has not answered `init` yet. */
  | { readonly kind: 'loading' }
  /** It runs, and has no status method that is known here. */
  | { readonly kind: 'active' }
  | { readonly kind: 'status'; readonly status: PluginStatus }
  /** It runs, and its status method failed. */
  | { readonly kind: 'silent'; readonly reason: string };

/** One look at a node. */
export type NodeObservation =
  | { readonly kind: 'unreachable'; readonly reason: string }
  | {
      readonly kind: 'up';
      readonly id: NodeId;
      readonly height: number;
      readonly peers: number;
      readonly channels: number;
      /** By the base name of the entry file. */
      readonly plugins: ReadonlyMap<string, PluginObservation>;
    };

const decodeInfo = object({ id: nodeIdDecoder, blockheight: integer(0) });
const decodePlugins = object({ plugins: array(object({ name: text(), active: boolean })) });
const decodeChannels = object({
  channels: array(object({ peer_id: nodeIdDecoder, peer_connected: boolean, state: text() })),
});
const decodePeers = object({ peers: array(object({ id: nodeIdDecoder, connected: boolean })) });

/**
 * Looks at a node through its RPC: never rejects. `files` are the base names of the plugins to look
 * for, `fleet` the ids of the fleet's other nodes, to which peers and channels are counted.
 */
export async function observeNode(
  rpc: RpcClient,
  files: readonly string[],
  fleet: ReadonlySet<NodeId>,
): Promise<NodeObservation> {
  const ask = async <T>(method: string, decode: Decoder<T>): Promise<T> =>
    decode(await rpc.raw(method, {}, { timeoutMs: OBSERVE_TIMEOUT_MS }));
  try {
    const [info, list, peers, channels] = await Promise.all([
      ask('getinfo', decodeInfo),
      rpc
        .raw('plugin', { subcommand: 'list' }, { timeoutMs: OBSERVE_TIMEOUT_MS })
        .then(decodePlugins),
      ask('listpeers', decodePeers),
      ask('listpeerchannels', decodeChannels),
    ]);
    const active = new Map(list.plugins.map(({ name, active }) => [path.basename(name), active]));
    const plugins = await Promise.all(
      files.map(
        async (file): Promise<[string, PluginObservation]> => [
          file,
          await observePlugin(file, active.get(file), ask),
        ],
      ),
    );
    return {
      kind: 'up',
      id: info.id,
      height: info.blockheight,
      peers: peers.peers.filter(({ id, connected }) => connected && fleet.has(id)).length,
      channels: channels.channels.filter(
        ({ peer_id, peer_connected, state }) =>
          peer_connected && state === 'CHANNELD_NORMAL' && fleet.has(peer_id),
      ).length,
      plugins: new Map(plugins),
    };
  } catch (error) {
    return { kind: 'unreachable', reason: describeError(error) };
  }
}

async function observePlugin(
  file: string,
  active: boolean | undefined,
  ask: <T>(method: string, decode: Decoder<T>) => Promise<T>,
): Promise<PluginObservation> {
  if (active === undefined) {
    return { kind: 'absent' };
  }
  if (!active) {
    return { kind: 'loading' };
  }
  const method = STATUS_METHODS[path.parse(file).name];
  if (method === undefined) {
    return { kind: 'active' };
  }
  try {
    return { kind: 'status', status: await ask(method, decodePluginStatus) };
  } catch (error) {
    return { kind: 'silent', reason: `${method}: ${describeError(error)}` };
  }
}
