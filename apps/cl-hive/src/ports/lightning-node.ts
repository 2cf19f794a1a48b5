import {
  connect,
  getinfo,
  type ListpeerchannelsChannels,
  listchannels,
  listpeerchannels,
  listpeers,
  type RpcClient,
} from '@cl-hive/cln-rpc';
import { compareCodeUnits, type NodeId } from '@cl-hive/core';
import { CALL_MS, CONNECT_MS } from '../limits.ts';
import type { NodePort, OwnHoldings } from './ports.ts';

/** States of a channel that prove a stake: its funding is on its way or there. */
const STAKED: ReadonlySet<string> = new Set(['CHANNELD_NORMAL', 'CHANNELD_AWAITING_LOCKIN']);

const OPTIONS = { timeoutMs: CALL_MS } as const;

/** The default of what originals say of their fees: nothing. */
const FEE_POLICY: OwnHoldings['feePolicy'] = {
  base_fee: 0,
  fee_rate: 0,
  min_htlc: 0n,
  max_htlc: 0n,
  cltv_delta: 40,
};

const sat = (msat: bigint | undefined): bigint => (msat ?? 0n) / 1000n;

/** What lightningd says, asked anew each time. */
export function lightningNode(rpc: Pick<RpcClient, 'call'>): NodePort {
  const channels = async (): Promise<readonly ListpeerchannelsChannels[]> =>
    (await rpc.call(listpeerchannels, {}, OPTIONS)).channels;
  return {
    hasChannel: async (peer) => {
      const { channels: found } = await rpc.call(listpeerchannels, { id: peer }, OPTIONS);
      return found.some((one) => one.peer_id === peer && STAKED.has(one.state));
    },
    capacitySat: async (node) => {
      const known = await rpc.call(listchannels, { source: node }, OPTIONS);
      const graph = new Map(
        known.channels.map((one) => [one.short_channel_id as string, sat(one.amount_msat)]),
      );
      // A channel of ours counts also while it is private, or too young for the graph.
      for (const one of (await rpc.call(listpeerchannels, { id: node }, OPTIONS)).channels) {
        graph.set(one.short_channel_id ?? one.funding_txid ?? '', sat(one.total_msat));
      }
      return [...graph.values()].reduce((sum, one) => sum + one, 0n);
    },
    holdings: async (members) => {
      const { address } = await rpc.call(getinfo, {}, OPTIONS);
      const addresses = address.flatMap(({ type, address: host, port }) =>
        host !== undefined && ['ipv4', 'ipv6', 'torv3'].includes(type) ? [`${host}:${port}`] : [],
      );
      return { ...holdingsOf(await channels(), members), addresses };
    },
    connected: async () => {
      const { peers } = await rpc.call(listpeers, {}, OPTIONS);
      return new Set(peers.filter((peer) => peer.connected).map(({ id }) => id));
    },
    connect: (peer) => tryConnect(rpc, peer),
  };
}

/** What gossip tells of this node's channels. */
export function holdingsOf(
  channels: readonly ListpeerchannelsChannels[],
  members: ReadonlySet<NodeId>,
): Omit<OwnHoldings, 'addresses'> {
  const usable = channels.filter(({ state }) => state === 'CHANNELD_NORMAL');
  const inside = usable.filter(({ peer_id }) => members.has(peer_id));
  const outside = usable.filter(({ peer_id }) => !members.has(peer_id));
  const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((all, one) => all + one, 0n);
  return {
    capacitySat: sum(inside.map(({ total_msat }) => sat(total_msat))),
    availableSat: sum(inside.map(({ to_us_msat }) => sat(to_us_msat))),
    feePolicy: FEE_POLICY,
    topology: [...new Set(outside.map(({ peer_id }) => peer_id))].sort(compareCodeUnits),
  };
}

async function tryConnect(rpc: Pick<RpcClient, 'call'>, peer: NodeId): Promise<boolean> {
  try {
    await rpc.call(connect, { id: peer }, { timeoutMs: CONNECT_MS });
    return true;
  } catch {
    // Members behind NAT or asleep are ordinary; a later round tries again.
    return false;
  }
}
