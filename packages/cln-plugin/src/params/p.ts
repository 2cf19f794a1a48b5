import {
  amountMsat,
  anyJson,
  type Decoder,
  isHex,
  isJsonObject,
  isNodeId,
  type JsonObject,
  type JsonValue,
  type Msat,
  type NodeId,
  type Ppm,
  parseMsat,
  type ShortChannelId,
  scidDecoder,
} from '@cl-hive/core';
import { PARAM_ITEMS_MAX, PARAM_TEXT_MAX } from '../limits.ts';
import { listOf, shapeOf } from './containers.ts';
import { expected, looseText, Param, type Params, type ParamValues, wholeNumber } from './param.ts';

const U64_MAX = (1n << 64n) - 1n;

/** `true`, `false`, or their texts. */
export const looseBoolean: Decoder<boolean> = (input) => {
  if (input === true || input === 'true') {
    return true;
  }
  return input === false || input === 'false' ? false : expected('true or false', input);
};

/** An integer within `min` and `max` (safe integers), also as text. */
export function looseInteger(min: number, max: number): Decoder<number> {
  return (input) => {
    const value = wholeNumber(input);
    return value === undefined || value < min || value > max
      ? expected(`an integer from ${min} to ${max}`, input)
      : Number(value);
  };
}

/** An integer within `min` and `max` as bigint, also as text. */
export function looseBigInteger(min: bigint, max: bigint): Decoder<bigint> {
  return (input) => {
    const value = wholeNumber(input);
    return value === undefined || value < min || value > max
      ? expected(`an integer from ${min} to ${max}`, input)
      : value;
  };
}

const looseNumber: Decoder<number> = (input) => {
  const value =
    typeof input === 'string' && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(input)
      ? Number(input)
      : input;
  return typeof value === 'number' && Number.isFinite(value) ? value : expected('a number', input);
};

function looseHex(bytes: number | undefined): Decoder<string> {
  const what = bytes === undefined ? 'hexadecimal' : `${bytes} bytes in hexadecimal`;
  return (input) => {
    const digits = typeof input === 'boolean' ? undefined : looseText(input);
    const fits = bytes === undefined || digits?.length === bytes * 2;
    return digits !== undefined && isHex(digits) && fits
      ? digits.toLowerCase()
      : expected(what, input);
  };
}

const looseNodeId: Decoder<NodeId> = (input) => {
  const id = typeof input === 'string' ? input.toLowerCase() : input;
  return isNodeId(id) ? id : expected('a node id (66 hexadecimal digits)', input);
};

const satoshi: Decoder<Msat> = (input) => {
  const plain = wholeNumber(input);
  const amount = parseMsat(plain === undefined ? input : `${plain}sat`);
  return amount !== undefined && amount % 1000n === 0n
    ? amount
    : expected('an amount in whole satoshi ("1sat", "1000msat" or an integer)', input);
};

const looseMsat: Decoder<Msat> = (input) => amountMsat(wholeNumber(input) ?? input);

const jsonObject: Decoder<JsonObject> = (input) =>
  isJsonObject(input) ? input : expected('an object', input);

function text(options: { readonly min?: number; readonly max?: number; readonly match?: RegExp }) {
  const { min = 0, max = PARAM_TEXT_MAX, match } = options;
  return (input: unknown): string => {
    const value = looseText(input) ?? expected('a text', input);
    if (value.length < min || value.length > max) {
      return expected(`a text of ${min} to ${max} characters`, input);
    }
    return match === undefined || match.test(value)
      ? value
      : expected(`a text that matches ${String(match)}`, input);
  };
}

function required<T>(decode: Decoder<T>, description = ''): Param<T> {
  return new Param(decode, 'required', { description });
}

function concealed<T>(secret: boolean, param: Param<T>): Param<T> {
  return secret ? param.asSecret() : param;
}

/**
 * Parameters of RPC methods, read as loosely as lightningd reads its own: numbers, `true` and
 * amounts also as texts, digits also for texts. `.optional()`, `.default(v)`, `.asSecret()` refine.
 */
export const p = {
  /** Any text, up to 1 MiB unless `max` says otherwise (UTF-16 units). */
  text: (
    options: { readonly min?: number; readonly max?: number; readonly match?: RegExp } = {},
    description?: string,
  ): Param<string> => required(text(options), description),
  /** An integer within `min` and `max`, by default every safe integer. */
  int: (
    options: { readonly min?: number; readonly max?: number } = {},
    description?: string,
  ): Param<number> =>
    required(
      looseInteger(options.min ?? Number.MIN_SAFE_INTEGER, options.max ?? Number.MAX_SAFE_INTEGER),
      description,
    ),
  /** 0 to 2^64 - 1 as bigint. */
  u64: (description?: string): Param<bigint> => required(looseBigInteger(0n, U64_MAX), description),
  /** Any finite number. */
  number: (description?: string): Param<number> => required(looseNumber, description),
  bool: (description?: string): Param<boolean> => required(looseBoolean, description),
  /** An amount in msat: integer, `"Nmsat"`, `"Nsat"`, `"N.xxxbtc"`. */
  msat: (description?: string): Param<Msat> => required(looseMsat, description),
  /** An amount where a bare number means satoshi; yields msat. */
  sat: (description?: string): Param<Msat> => required(satoshi, description),
  /** A ratio in parts per million, 0 to 2^32 - 1. */
  ppm: (description?: string): Param<Ppm> =>
    required(looseInteger(0, 0xffffffff) as Decoder<Ppm>, description),
  nodeId: (description?: string): Param<NodeId> => required(looseNodeId, description),
  scid: (description?: string): Param<ShortChannelId> => required(scidDecoder, description),
  /** Hexadecimal, lower-cased; of exactly `bytes` bytes where given. */
  hex: (bytes?: number, description?: string): Param<string> =>
    required(looseHex(bytes), description),
  /** One of the given texts. */
  oneOf: <const T extends string>(values: readonly T[], description?: string): Param<T> =>
    required(
      (input) =>
        values.find((value) => value === looseText(input)) ??
        expected(`one of ${values.join(', ')}`, input),
      description,
    ),
  /** An array whose items are read like the given parameter. */
  array: <T>(
    item: Param<T>,
    options: { readonly min?: number; readonly max?: number } = {},
    description?: string,
  ): Param<readonly T[]> =>
    concealed(
      item.secret,
      required(listOf(item.decode, options.min ?? 0, options.max ?? PARAM_ITEMS_MAX), description),
    ),
  /** An object with the given members; others are refused. Secret as a whole when a member is. */
  object: <S extends Params>(members: S, description?: string): Param<ParamValues<S>> =>
    concealed(
      Object.values(members).some((member) => member.secret),
      required(shapeOf(members), description),
    ),
  /** Any object, unread. */
  anyObject: (description?: string): Param<JsonObject> => required(jsonObject, description),
  /** Any JSON value, unread. */
  json: (description?: string): Param<JsonValue> => required(anyJson, description),
  /** Whatever `decode` reads; it throws DecodeError for what it refuses. */
  custom: <T>(decode: Decoder<T>, description?: string): Param<T> => required(decode, description),
} as const;
