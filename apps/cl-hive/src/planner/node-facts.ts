import { feerates, getinfo, listfunds, listpeerchannels, type RpcClient } from '@cl-hive/cln-rpc';
import type { NodeId, UnixMs } from '@cl-hive/core';
import type { NodeFacts } from '@cl-hive/hive';
import { clbossTags, setClbossTags } from './clboss.ts';
import { FACT_MS } from './limits.ts';

/** Facts of lightningd, and the tags of CLBOSS as they are in force. */
export interface ReadFacts extends Omit<NodeFacts, 'guards' | 'now'> {
  readonly clboss: ReadonlyMap<NodeId, readonly string[]> | undefined;
}

/** What the planner asks of the node itself. */
export interface PlannerNode {
  facts(signal: AbortSignal): Promise<ReadFacts>;
  /** Outputs of the wallet. */
  funds(signal: AbortSignal): Promise<NodeFacts['outputs']>;
  /** The channels with one peer, after a notification named it. */
  channelsWith(peer: NodeId, signal: AbortSignal): Promise<NodeFacts['channels']>;
  setTags(params: readonly [nodeid: NodeId, tags: string], signal: AbortSignal): Promise<void>;
}

/** Asks lightningd. Rejects as the RPC client does; a cycle without its facts is not planned. */
export function rpcPlannerNode(rpc: RpcClient, self: NodeId): PlannerNode {
  return {
    facts: async (signal) => {
      const call = { timeoutMs: FACT_MS, signal };
      const [info, channels, funds, fees, clboss] = await Promise.all([
        rpc.call(getinfo, {}, call),
        rpc.call(listpeerchannels, {}, call),
        rpc.call(listfunds, {}, call),
        rpc.call(feerates, { style: 'perkb' }, call),
        clbossTags(rpc, signal),
      ]);
      return {
        self,
        blockHeight: info.blockheight,
        channels: channels.channels,
        outputs: funds.outputs,
        openingPerkb: fees.perkb?.opening,
        clboss,
      };
    },
    funds: async (signal) =>
      (await rpc.call(listfunds, {}, { timeoutMs: FACT_MS, signal })).outputs,
    channelsWith: async (peer, signal) =>
      (await rpc.call(listpeerchannels, { id: peer }, { timeoutMs: FACT_MS, signal })).channels,
    setTags: (params, signal) => setClbossTags(rpc, params, signal),
  };
}

/** Facts as the snapshot takes them. */
export function nodeFacts(read: ReadFacts, now: UnixMs, guards: NodeFacts['guards']): NodeFacts {
  const { self, blockHeight, channels, outputs, openingPerkb } = read;
  return { self, now, blockHeight, channels, outputs, openingPerkb, guards };
}
