import {
  getinfo,
  getroutes,
  type ListpeerchannelsChannelsUpdatesRemote,
  type RpcClient,
  type SendpayRequestRoute,
} from '@cl-hive/cln-rpc';
import {
  CodedError,
  describeError,
  isCodedError,
  type Msat,
  msat,
  type NodeId,
  shortChannelId,
} from '@cl-hive/core';
import { loadChannels, type NodeChannel } from './channel-view.ts';
import { ASK_MS, REBALANCE_FINAL_CLTV } from './limits.ts';

/** What is to go around. */
export interface CircularWish {
  readonly from: string;
  readonly to: string;
  readonly amount: Msat;
  readonly maxFee: Msat;
}

function noRoute(message: string): CodedError {
  return new CodedError('no_route', message, { data: { sent: false } });
}

function forwardingFee(
  { fee_base_msat: base, fee_proportional_millionths: rate }: ListpeerchannelsChannelsUpdatesRemote,
  amount: bigint,
): bigint {
  return base + (amount * BigInt(rate)) / 1_000_000n;
}

function endOf(channel: NodeChannel | undefined, name: string) {
  const scid = channel?.row.short_channel_id;
  if (channel === undefined || scid === undefined) {
    throw noRoute(`${name} is not confirmed yet`);
  }
  return { scid, peer: channel.row.peer_id, remote: channel.row.updates?.remote };
}

/** What the first peer has to be given so that the amount arrives at the last one, and by which way. */
async function between(
  rpc: RpcClient,
  self: NodeId,
  ends: { readonly source: NodeId; readonly destination: NodeId },
  part: { readonly amount: Msat; readonly maxFee: Msat; readonly cltv: number },
): Promise<{ amount: Msat; cltv: number; hops: readonly SendpayRequestRoute[] }> {
  if (ends.source === ends.destination) {
    return { amount: part.amount, cltv: part.cltv, hops: [] };
  }
  const { routes } = await rpc.call(
    getroutes,
    {
      ...ends,
      amount_msat: part.amount,
      layers: [],
      maxfee_msat: part.maxFee,
      final_cltv: part.cltv,
      maxparts: 1,
    },
    { timeoutMs: ASK_MS },
  );
  const [route, second] = routes;
  const [first] = route?.path ?? [];
  if (route === undefined || first === undefined || second !== undefined) {
    throw noRoute('there is no single way between the two peers');
  }
  if (route.path.some(({ node_id_out: id }) => id === self)) {
    throw noRoute('the only way between the two peers leads through this node');
  }
  const hops = route.path.map((hop) => ({
    id: hop.node_id_out,
    channel: shortChannelId(hop.short_channel_id_dir.split('/')[0] ?? ''),
    amount_msat: hop.amount_out_msat,
    delay: hop.cltv_out,
  }));
  return { amount: first.amount_in_msat, cltv: first.cltv_in, hops };
}

/**
 * A way from this node out through one channel and back in through another. Throws CodedError
 * `no_route` where there is none within the fee; nothing was sent then.
 */
export async function circularRoute(
  rpc: RpcClient,
  wish: CircularWish,
): Promise<readonly SendpayRequestRoute[]> {
  try {
    return await findRoute(rpc, wish);
  } catch (error) {
    throw isCodedError(error, 'no_route') ? error : noRoute(describeError(error));
  }
}

async function findRoute(
  rpc: RpcClient,
  { from, to, amount, maxFee }: CircularWish,
): Promise<readonly SendpayRequestRoute[]> {
  const { id: self } = await rpc.call(getinfo, {}, { timeoutMs: ASK_MS });
  const view = await loadChannels(rpc);
  const out = endOf(view.find(from), from);
  const back = endOf(view.find(to), to);
  if (back.remote === undefined) {
    throw noRoute(`the peer of ${to} has not said what it charges`);
  }
  const lastFee = forwardingFee(back.remote, amount);
  if (lastFee > maxFee) {
    throw noRoute(`the peer of ${to} alone charges ${lastFee} msat, ${maxFee} may be paid`);
  }
  const middle = await between(
    rpc,
    self,
    { source: out.peer, destination: back.peer },
    {
      amount: msat(amount + lastFee),
      maxFee: msat(maxFee - lastFee),
      cltv: REBALANCE_FINAL_CLTV + back.remote.cltv_expiry_delta,
    },
  );
  if (middle.amount - amount > maxFee) {
    throw noRoute(`it would cost ${middle.amount - amount} msat, ${maxFee} may be paid`);
  }
  return [
    { id: out.peer, channel: out.scid, amount_msat: middle.amount, delay: middle.cltv },
    ...middle.hops,
    { id: self, channel: back.scid, amount_msat: amount, delay: REBALANCE_FINAL_CLTV },
  ];
}
