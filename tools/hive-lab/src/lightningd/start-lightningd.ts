import { CodedError, type NodeId } from '@cl-hive/core';
import type { NodeShell } from '../contract/node.ts';
import { describeEnd, type NodeEnd } from './lifeline.ts';
import { LightningNode } from './lightning-node.ts';
import type { LightningdSpec, PluginView } from './node-spec.ts';

/** A running emulated lightningd. */
export interface Lightningd {
  readonly id: NodeId;
  /** `<dir>/<network>`. */
  readonly lightningDir: string;
  /** Absolute path of the RPC socket. */
  readonly rpcFile: string;
  readonly shell: NodeShell;
  readonly plugins: () => readonly PluginView[];
  /** How it ended; undefined while it runs. */
  readonly ended: () => NodeEnd | undefined;
  /** As the RPC command `stop`; resolves when no process is left. Idempotent. */
  readonly stop: () => Promise<void>;
  /** As SIGKILL: plugins only see their pipes close. Resolves when no process is left. */
  readonly kill: () => Promise<void>;
}

/** Why a node did not start. */
export type LightningdError = 'lightningd_died';

/**
 * Starts an emulated lightningd v26.06.6 and resolves once it answers and all its plugins are up.
 * Throws CodedError `lightningd_died` when it ends before, `data.end` being a {@link NodeEnd}, and
 * `rpc_socket_in_use` when another node runs in its folder.
 */
export async function startLightningd(spec: LightningdSpec): Promise<Lightningd> {
  const node = new LightningNode(spec);
  try {
    await node.boot();
  } catch (error) {
    await node.kill(describeFailure(error));
    throw error;
  }
  const end = node.ended;
  if (end !== undefined) {
    await node.allGone();
    throw new CodedError<LightningdError>(
      'lightningd_died',
      `lightningd of ${spec.alias} ${describeEnd(end)}`,
      { data: { end } },
    );
  }
  return {
    id: node.id,
    lightningDir: node.lightningDir,
    rpcFile: node.rpcFile,
    shell: node.shell,
    plugins: () => node.pluginViews(),
    ended: () => node.ended,
    stop: async () => node.stop(),
    kill: async () => node.kill('killed'),
  };
}

function describeFailure(error: unknown): string {
  return error instanceof Error ? error.message : 'failed to start';
}
