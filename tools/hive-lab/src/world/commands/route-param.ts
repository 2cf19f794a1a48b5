import {
  isJsonObject,
  isNodeId,
  isShortChannelId,
  type JsonObject,
  type JsonValue,
  parseMsat,
} from '@cl-hive/core';
import { badParam, missing } from '../params.ts';
import type { RouteStep } from '../payments/given-route.ts';

const NAME = 'route';

/** A member under either of its names: `getroutes`' or `getroute`'s. */
function either(step: JsonObject, one: string, other: string): JsonValue {
  const value = step[one] ?? step[other];
  if (value === undefined) {
    throw badParam(NAME, `must have either ${one} or ${other}`, step);
  }
  return value;
}

function readStep(value: JsonValue): RouteStep {
  const step = isJsonObject(value) ? value : {};
  const channel = either(step, 'short_channel_id_dir', 'channel');
  const scid = typeof channel === 'string' ? channel.replace(/\/[01]$/, '') : channel;
  if (!isShortChannelId(scid)) {
    throw badParam(NAME, 'bad short_channel_id', channel);
  }
  const node = either(step, 'node_id_out', 'id');
  const id = typeof node === 'string' ? node.toLowerCase() : node;
  if (!isNodeId(id)) {
    throw badParam(NAME, 'bad node_id', node);
  }
  const amount = either(step, 'amount_out_msat', 'amount_msat');
  const amountMsat = parseMsat(amount);
  if (amountMsat === undefined) {
    throw badParam(NAME, 'bad amount', amount);
  }
  const blocks = either(step, 'cltv_out', 'delay');
  const delay = Number(blocks);
  if (!Number.isInteger(delay) || delay < 0 || delay > 0xffff_ffff) {
    throw badParam(NAME, 'bad cltv_out/delay', blocks);
  }
  return { id, scid, amountMsat, delay };
}

/** The `route` parameter of `sendpay`. Throws LabRpcError. */
export function routeParam(params: JsonObject): readonly RouteStep[] {
  const { route } = params;
  if (route === undefined || route === null) {
    throw missing(NAME);
  }
  if (!Array.isArray(route)) {
    throw badParam(NAME, 'must be an array', route);
  }
  return (route as readonly JsonValue[]).map(readStep);
}
