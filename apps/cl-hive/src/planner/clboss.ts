import type { RpcClient } from '@cl-hive/cln-rpc';
import { RpcError } from '@cl-hive/cln-rpc';
import { isJsonObject, isNodeId, type NodeId } from '@cl-hive/core';
import { FACT_MS } from './limits.ts';

/** JSON-RPC's code of a method that nobody serves. */
const UNKNOWN_METHOD = -32601;

/**
 * Tags that CLBOSS has in force, by node: `unmanaged` of `clboss-status`, tags joined by commas.
 * undefined where no CLBOSS runs on this node, which is as good as any.
 */
export async function clbossTags(
  rpc: Pick<RpcClient, 'raw'>,
  signal: AbortSignal,
): Promise<ReadonlyMap<NodeId, readonly string[]> | undefined> {
  try {
    const status = await rpc.raw('clboss-status', {}, { timeoutMs: FACT_MS, signal });
    const unmanaged = isJsonObject(status) ? status['unmanaged'] : undefined;
    return new Map(
      Object.entries(isJsonObject(unmanaged) ? unmanaged : {}).flatMap(([id, tags]) =>
        isNodeId(id) && typeof tags === 'string' ? [[id, tagList(tags)] as const] : [],
      ),
    );
  } catch (error) {
    if (error instanceof RpcError && error.rpcCode === UNKNOWN_METHOD) {
      return undefined;
    }
    throw error;
  }
}

function tagList(text: string): readonly string[] {
  return text
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
}

/** Sets all tags of a node at once, as `clboss-unmanage` does; none resumes management. */
export async function setClbossTags(
  rpc: Pick<RpcClient, 'raw'>,
  params: readonly [nodeid: NodeId, tags: string],
  signal: AbortSignal,
): Promise<void> {
  await rpc.raw('clboss-unmanage', [...params], { timeoutMs: FACT_MS, signal });
}
