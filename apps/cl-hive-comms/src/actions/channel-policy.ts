import { type RpcClient, setchannel } from '@cl-hive/cln-rpc';
import { type JsonObject, type JsonValue, msat } from '@cl-hive/core';
import { certaintyOf, explain } from '@cl-hive/runtime/node';
import {
  type ActionContext,
  type Attempt,
  absent,
  type Done,
  done,
  type EffectAction,
  fail,
  go,
  type Look,
  there,
} from './action.ts';
import { type ChannelView, isLive, loadChannels, type NodeChannel } from './channel-view.ts';
import { CHANGE_MS, SETTLE_MS } from './limits.ts';

/** What `setchannel` is to set on which channels; members that are undefined stay as they are. */
export interface PolicyWish {
  readonly channels: readonly string[];
  readonly baseMsat?: number | undefined;
  readonly feePpm?: number | undefined;
  readonly htlcMinMsat?: number | undefined;
  readonly htlcMaxMsat?: number | undefined;
}

/** A channel's policy as it is set, for receipts and answers. */
export function policyOf({ id, row }: NodeChannel): JsonObject {
  return {
    channel_id: id,
    ...(row.short_channel_id === undefined ? {} : { short_channel_id: row.short_channel_id }),
    base_msat: row.fee_base_msat ?? null,
    fee_ppm: row.fee_proportional_millionths ?? null,
    htlc_minimum_msat: row.minimum_htlc_out_msat ?? null,
    htlc_maximum_msat: row.maximum_htlc_out_msat ?? null,
  };
}

function distance(now: bigint | number | undefined, wish: number | undefined): number {
  return wish === undefined ? 0 : Math.abs(wish - Number(now ?? 0));
}

/**
 * How much a wish changes what forwarding costs, in ppm: that of the rate, and that of the base fee on
 * a payment of 1,000 sat, where 1 msat is 1 ppm.
 */
function feeChange(view: ChannelView, wish: PolicyWish): number {
  const changes = wish.channels.map((name) => {
    const row = view.find(name)?.row;
    return (
      distance(row?.fee_proportional_millionths, wish.feePpm) +
      distance(row?.fee_base_msat, wish.baseMsat)
    );
  });
  return Math.max(0, ...changes);
}

/** lightningd raises a minimum to the peer's, and lowers a maximum to what the channel can carry. */
function isSet({ row, totalMsat }: NodeChannel, wish: PolicyWish): boolean {
  const { baseMsat, feePpm, htlcMinMsat: low, htlcMaxMsat: high } = wish;
  const [isLow, isHigh] = [row.minimum_htlc_out_msat ?? 0n, row.maximum_htlc_out_msat ?? 0n];
  const most = totalMsat - (row.our_reserve_msat ?? 0n) - (row.their_reserve_msat ?? 0n);
  return (
    (baseMsat === undefined || row.fee_base_msat === BigInt(baseMsat)) &&
    (feePpm === undefined || row.fee_proportional_millionths === feePpm) &&
    (low === undefined ||
      isLow === BigInt(low) ||
      (isLow > low && isLow === row.minimum_htlc_in_msat)) &&
    (high === undefined || isHigh === BigInt(high) || (isHigh < high && isHigh >= most))
  );
}

/** Sets one channel; undefined members stay. */
export async function applyPolicy(
  rpc: RpcClient,
  id: string,
  wish: Omit<PolicyWish, 'channels'>,
): Promise<JsonObject> {
  const { baseMsat, feePpm, htlcMinMsat, htlcMaxMsat } = wish;
  const { channels } = await rpc.call(
    setchannel,
    {
      id,
      ...(baseMsat === undefined ? {} : { feebase: msat(baseMsat) }),
      ...(feePpm === undefined ? {} : { feeppm: feePpm }),
      ...(htlcMinMsat === undefined ? {} : { htlcmin: msat(htlcMinMsat) }),
      ...(htlcMaxMsat === undefined ? {} : { htlcmax: msat(htlcMaxMsat) }),
    },
    { timeoutMs: CHANGE_MS },
  );
  const [row] = channels;
  if (row === undefined) {
    throw new RangeError(`setchannel changed no channel ${id}`);
  }
  const warning = row.warning_htlcmax_too_high ?? row.warning_htlcmin_too_low;
  return {
    channel_id: row.channel_id,
    ...(row.short_channel_id === undefined ? {} : { short_channel_id: row.short_channel_id }),
    base_msat: row.fee_base_msat,
    fee_ppm: row.fee_proportional_millionths,
    htlc_minimum_msat: row.minimum_htlc_out_msat,
    htlc_maximum_msat: row.maximum_htlc_out_msat,
    ...(warning === undefined ? {} : { warning }),
  };
}

async function applyAll(
  { rpc }: ActionContext,
  { command }: Attempt,
  read: (params: JsonObject) => PolicyWish,
): Promise<Done> {
  const wish = read(command.params);
  const view = await loadChannels(rpc);
  const channels: JsonValue[] = [];
  const errors: Error[] = [];
  for (const name of wish.channels) {
    try {
      channels.push(await applyPolicy(rpc, view.find(name)?.id ?? name, wish));
    } catch (error) {
      if (!(error instanceof Error) || certaintyOf(error) === 'open') {
        throw error;
      }
      errors.push(error);
      channels.push({ channel: name, error: explain(error) });
    }
  }
  const [first] = errors;
  if (first !== undefined && errors.length === channels.length) {
    throw first;
  }
  return done({ channels });
}

function lookAt(view: ChannelView, wish: PolicyWish): Look {
  const found = wish.channels.map((name) => view.find(name));
  const set = found.filter((channel) => channel !== undefined && isSet(channel, wish));
  const result = {
    channels: found.flatMap((channel) => (channel === undefined ? [] : [policyOf(channel)])),
  };
  if (set.length === found.length) {
    return there(result);
  }
  return set.length === 0 ? absent('the policy is not set') : { ...done(result), kind: 'partial' };
}

/** An action that sets what channels charge and carry. */
export function channelPolicy(read: (params: JsonObject) => PolicyWish): EffectAction {
  return {
    kind: 'effect',
    settleMs: SETTLE_MS.change,
    facts: async ({ rpc }, { params }) => {
      const view = await loadChannels(rpc);
      const wish = read(params);
      return view.facts(wish.channels, { feeChangePpm: feeChange(view, wish) });
    },
    state: async ({ rpc }, { params }) => {
      const view = await loadChannels(rpc);
      const found = read(params).channels.map((name) => view.find(name));
      return { channels: found.map((one) => (one === undefined ? null : policyOf(one))) };
    },
    plan: async ({ rpc }, { params }) => {
      const view = await loadChannels(rpc);
      const wrong = read(params).channels.find((name) => {
        const channel = view.find(name);
        return channel === undefined || !isLive(channel);
      });
      return wrong === undefined ? go() : fail(`${wrong} is no channel that is open`);
    },
    perform: (context, attempt) => applyAll(context, attempt, read),
    look: async ({ rpc }, { command }) => lookAt(await loadChannels(rpc), read(command.params)),
  };
}
