import {
  getinfo,
  type ListforwardsForwards,
  listforwards,
  listfunds,
  listpeers,
  wait,
} from '@cl-hive/cln-rpc';
import type { JsonObject } from '@cl-hive/core';
import { type ReadAction, reads, type SchemaActions } from '../action.ts';
import { loadChannels, sumOf } from '../channel-view.ts';
import { ASK_MS, ROWS_DEFAULT } from '../limits.ts';
import { optionalNumber, optionalText } from '../params.ts';

const asked = { timeoutMs: ASK_MS };

const getInfo = reads(async ({ rpc }, { params }) => {
  const info = await rpc.call(getinfo, {}, asked);
  const summary: JsonObject = {
    id: info.id,
    alias: info.alias,
    network: info.network,
    version: info.version,
    blockheight: info.blockheight,
    num_peers: info.num_peers,
    num_active_channels: info.num_active_channels,
    num_inactive_channels: info.num_inactive_channels,
    num_pending_channels: info.num_pending_channels,
    fees_collected_msat: info.fees_collected_msat,
  };
  return params['format'] === 'full'
    ? {
        ...summary,
        color: info.color,
        address: info.address.map((address) => ({ ...address })),
        warnings: [info.warning_bitcoind_sync, info.warning_lightningd_sync].filter(
          (warning) => warning !== undefined,
        ),
      }
    : summary;
});

const listChannels = reads(async ({ rpc }) => {
  const view = await loadChannels(rpc);
  return {
    total: view.all.length,
    channels: view.all.map(({ id, row, totalMsat, toUsMsat }) => ({
      channel_id: id,
      short_channel_id: row.short_channel_id ?? null,
      peer_id: row.peer_id,
      peer_connected: row.peer_connected,
      state: row.state,
      total_msat: totalMsat,
      to_us_msat: toUsMsat,
      base_msat: row.fee_base_msat ?? null,
      fee_ppm: row.fee_proportional_millionths ?? null,
    })),
  };
});

function forwardOf(row: ListforwardsForwards): JsonObject {
  return {
    in_channel: row.in_channel,
    out_channel: row.out_channel ?? null,
    in_msat: row.in_msat,
    fee_msat: row.fee_msat ?? null,
    status: row.status,
    received_time: Math.floor(row.received_time),
  };
}

/** The latest first. The whole history is never read: it is paged from its end. */
const listForwards: ReadAction = reads(async ({ rpc }, { params }, historySince) => {
  const status = optionalText(params, 'status');
  const limit = optionalNumber(params, 'limit') ?? ROWS_DEFAULT;
  const since = historySince === undefined ? 0 : historySince / 1000;
  const { created = 0n } = await rpc.call(
    wait,
    { subsystem: 'forwards', indexname: 'created', nextvalue: 0n },
    asked,
  );
  const found: JsonObject[] = [];
  const page = BigInt(Math.max(limit, ROWS_DEFAULT));
  for (let end = created; end > 0n && found.length < limit; end -= page) {
    const start = end > page ? end - page + 1n : 1n;
    const { forwards } = await rpc.call(
      listforwards,
      { index: 'created', start, limit: Number(end - start + 1n) },
      asked,
    );
    const rows = forwards.filter(({ created_index: index }) => index >= start && index <= end);
    const recent = rows.filter(({ received_time: at }) => at >= since);
    const wanted = recent.filter((row) => status === undefined || row.status === status);
    found.push(...wanted.reverse().map(forwardOf));
    if (rows.length > 0 && recent.length === 0) {
      break;
    }
  }
  return { forwards: found.slice(0, limit) };
});

const getBalance = reads(async ({ rpc }) => {
  const { outputs, channels } = await rpc.call(listfunds, {}, asked);
  const confirmed = outputs.filter(({ status }) => status === 'confirmed');
  const amount = (row: { readonly amount_msat: bigint }): bigint => row.amount_msat;
  return {
    onchain_confirmed_msat: sumOf(confirmed, amount),
    onchain_unconfirmed_msat: sumOf(
      outputs.filter(({ status }) => status === 'unconfirmed'),
      amount,
    ),
    onchain_reserved_msat: sumOf(
      confirmed.filter(({ reserved }) => reserved),
      amount,
    ),
    channels_local_msat: sumOf(channels, ({ our_amount_msat: ours }) => ours),
    channels_total_msat: sumOf(channels, amount),
  };
});

const listPeers = reads(async ({ rpc }) => {
  const { peers } = await rpc.call(listpeers, {}, asked);
  return {
    total: peers.length,
    peers: peers.map(({ id, connected, num_channels: channels }) => ({
      peer_id: id,
      connected,
      num_channels: channels,
    })),
  };
});

/** `hive:monitor/v1`. */
export const monitorActions: SchemaActions = {
  get_info: getInfo,
  list_channels: listChannels,
  list_forwards: listForwards,
  get_balance: getBalance,
  list_peers: listPeers,
};
