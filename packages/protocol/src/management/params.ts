import {
  array,
  DecodeError,
  type Decoder,
  hex,
  integer,
  isJsonObject,
  type JsonValue,
  nodeIdDecoder,
  oneOf,
  scidDecoder,
  text,
} from '@cl-hive/core';
import {
  AMOUNT_MSAT_MAX,
  AMOUNT_SATS_MAX,
  BASE_FEE_MSAT_MAX,
  BOLT11_MAX,
  BULK_CHANNELS_MAX,
  CLTV_DELTA,
  FEE_PPM_MAX,
  FREE_TEXT_MAX,
  LIST_LIMIT_MAX,
  PATH_MAX,
  ROUTING_HINTS_MAX,
} from './limits.ts';

/** Reads one parameter, or throws DecodeError with what was wanted. */
export type ParamDecoder = Decoder<JsonValue>;

function matching(pattern: RegExp, expected: string): Decoder<string> {
  return (input) => {
    if (typeof input !== 'string' || !pattern.test(input)) {
      throw new DecodeError(expected, input);
    }
    return input;
  };
}

function isControl(unit: number): boolean {
  return unit < 0x20 || (unit >= 0x7f && unit <= 0x9f) || unit === 0x2028 || unit === 0x2029;
}

function printable(max: number): Decoder<string> {
  const bounded = text(max);
  return (input) => {
    const value = bounded(input);
    for (let at = 0; at < value.length; at += 1) {
      if (isControl(value.charCodeAt(at))) {
        throw new DecodeError('a text without control characters', input);
      }
    }
    return value;
  };
}

const anyPath = printable(PATH_MAX);

/** A path that does not climb: no `..` segment. Where it may lead is the executor's to say. */
const path: Decoder<string> = (input) => {
  const value = anyPath(input);
  if (value === '' || value.split('/').includes('..')) {
    throw new DecodeError('a path without ".."', input);
  }
  return value;
};

function isChannelId(input: unknown): boolean {
  return typeof input === 'string' && /^[0-9a-f]{64}$/.test(input);
}

/** A short channel id, or a channel id of 64 hexadecimal digits. */
const channel: Decoder<string> = (input) => {
  if (isChannelId(input)) {
    return input as string;
  }
  try {
    return scidDecoder(input);
  } catch {
    throw new DecodeError('a short channel id (BLOCKxTXxOUT) or a channel id (64 digits)', input);
  }
};

function distinct(item: Decoder<string>, max: number): Decoder<readonly string[]> {
  const list = array(item, max);
  return (input) => {
    const items = list(input);
    if (items.length === 0 || new Set(items).size !== items.length) {
      throw new DecodeError(`an array of 1 to ${max} different entries`, input);
    }
    return items;
  };
}

const amountMsat = integer(1, AMOUNT_MSAT_MAX);
const feePpm = integer(0, FEE_PPM_MAX);
const baseMsat = integer(0, BASE_FEE_MSAT_MAX);
const htlcMsat = integer(0, AMOUNT_MSAT_MAX);

const POLICY_FIELDS: ReadonlyMap<string, ParamDecoder> = new Map([
  ['base_msat', baseMsat],
  ['fee_ppm', feePpm],
  ['htlc_minimum_msat', htlcMsat],
  ['htlc_maximum_msat', htlcMsat],
]);

const channelPolicy: ParamDecoder = (input) => {
  if (!isJsonObject(input) || Object.keys(input).length === 0) {
    throw new DecodeError(`an object with some of ${[...POLICY_FIELDS.keys()].join(', ')}`, input);
  }
  const policy: Record<string, JsonValue> = {};
  for (const [key, value] of Object.entries(input)) {
    const decode = POLICY_FIELDS.get(key);
    if (decode === undefined) {
      throw new DecodeError(`one of ${[...POLICY_FIELDS.keys()].join(', ')}`, key).under(key);
    }
    try {
      policy[key] = decode(value);
    } catch (error) {
      throw error instanceof DecodeError ? error.under(key) : error;
    }
  }
  return policy;
};

const address = matching(/^[0-9A-Za-z]{14,100}$/, 'a Bitcoin address');

/** How each parameter is read; a name means the same in every action unless {@link OWN_DECODERS} says so. */
export const PARAM_DECODERS: ReadonlyMap<string, ParamDecoder> = new Map<string, ParamDecoder>([
  ['address', address],
  ['amount_msat', amountMsat],
  ['amount_sats', integer(1, AMOUNT_SATS_MAX)],
  ['backup_path', path],
  ['base_msat', baseMsat],
  ['bolt11', matching(new RegExp(`^ln[0-9a-z]{20,${BOLT11_MAX - 2}}$`), 'a BOLT 11 invoice')],
  ['channel_id', channel],
  ['channels', distinct(channel, BULK_CHANNELS_MAX)],
  ['cltv_expiry_delta', integer(CLTV_DELTA.min, CLTV_DELTA.max)],
  ['description', printable(FREE_TEXT_MAX)],
  ['destination', address],
  ['fee_ppm', feePpm],
  ['feerate', matching(/^(?:slow|normal|urgent|\d{3,7}per(?:kb|kw))$/, 'a feerate')],
  ['format', oneOf('summary', 'full')],
  ['from_channel', channel],
  ['hints', distinct(scidDecoder, ROUTING_HINTS_MAX)],
  ['host', matching(/^[0-9A-Za-z.:[\]-]{1,255}$/, 'a host name or address')],
  ['htlc_id', matching(/^\d{1,8}x\d{1,8}x\d{1,5}:\d{1,19}$/, 'an HTLC (BLOCKxTXxOUT:ID)')],
  ['htlc_maximum_msat', htlcMsat],
  ['htlc_minimum_msat', htlcMsat],
  ['key', matching(/^[a-z][a-z0-9-]{0,63}$/, 'the name of an option')],
  ['label', printable(128)],
  ['limit', integer(1, LIST_LIMIT_MAX)],
  ['max_fee_ppm', feePpm],
  ['path', path],
  ['peer_id', nodeIdDecoder],
  ['plugin_name', matching(/^[0-9A-Za-z_][0-9A-Za-z._-]{0,127}$/, 'the file name of a plugin')],
  ['policy', channelPolicy],
  ['port', integer(1, 65_535)],
  ['preimage', hex(32)],
  ['push_msat', integer(0, AMOUNT_MSAT_MAX)],
  ['reason', printable(FREE_TEXT_MAX)],
  ['status', oneOf('offered', 'settled', 'failed', 'local_failed')],
  ['target_fee_ppm', feePpm],
  ['to_channel', channel],
  ['type', oneOf('bech32', 'p2tr')],
  ['value', printable(FREE_TEXT_MAX)],
]);

/** Parameters that mean something else in one action, by `schema action parameter`. */
export const OWN_DECODERS: ReadonlyMap<string, ParamDecoder> = new Map<string, ParamDecoder>([
  ['hive:payment/v1 keysend destination', nodeIdDecoder],
]);

/** Parameters that may be left out, by name; every other one is required. */
export const OPTIONAL_PARAMS: ReadonlySet<string> = new Set([
  'backup_path',
  'feerate',
  'format',
  'host',
  'limit',
  'port',
  'push_msat',
  'reason',
  'status',
  'type',
]);

/** Parameters whose being optional differs in one action, by `schema action parameter`. */
export const OWN_OPTIONAL: ReadonlyMap<string, boolean> = new Map([
  ['hive:backup/v1 restore backup_path', false],
  ['hive:channel/v1 close_cooperative destination', true],
  ['hive:channel/v1 close_all destination', true],
  ['hive:emergency/v1 emergency_close_all destination', true],
  ['hive:emergency/v1 ban_peer reason', false],
  ['hive:fee-policy/v1 set_single base_msat', true],
  ['hive:fee-policy/v1 set_single fee_ppm', true],
  ['hive:htlc-policy/v1 set_htlc_limits htlc_minimum_msat', true],
  ['hive:htlc-policy/v1 set_htlc_limits htlc_maximum_msat', true],
  ['hive:payment/v1 create_invoice description', true],
  ['hive:rebalance/v1 swap_out address', true],
  ['hive:config/v1 get_config key', true],
]);
