import {
  DecodeError,
  isJsonObject,
  isNodeId,
  isShortChannelId,
  type JsonObject,
  type JsonValue,
  type Msat,
  type NodeId,
  parseMsat,
  type ShortChannelId,
} from '@cl-hive/core';

// What the generated decoders are made of. Each reader takes a member's value and name and throws
// DecodeError under that name; written as plain functions so that a listchannels of 90,000 entries
// costs no closures and that bundlers drop what is not used.

/**
 * One of the texts this version of lightningd is known to send, or one that a later version adds:
 * answers with an unknown state still decode, so that an upgrade of lightningd breaks no reader.
 */
export type Open<Known extends string> = Known | (string & Record<never, never>);

/** `T` under construction. */
export type Writable<T> = { -readonly [K in keyof T]: T[K] };

type Key = string | number;

const U64_MAX = (1n << 64n) - 1n;
const HEX = /^(?:[0-9a-fA-F]{2})*$/;
const OUTPOINT = /^[0-9a-fA-F]{64}:\d{1,10}$/;
const SCID_DIR = /^(\d+x\d+x\d+)\/[01]$/;

/** The members of an object. */
export function readRecord(value: unknown): JsonObject {
  if (isJsonObject(value)) {
    return value;
  }
  throw new DecodeError('an object', value);
}

/** A text. */
export function readText(value: unknown, key: Key): string {
  if (typeof value === 'string') {
    return value;
  }
  throw new DecodeError('a text', value).under(key);
}

/** `true` or `false`. */
export function readBoolean(value: unknown, key: Key): boolean {
  if (typeof value === 'boolean') {
    return value;
  }
  throw new DecodeError('true or false', value).under(key);
}

/** An integer that a double holds exactly. */
export function readInteger(value: unknown, key: Key): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) {
    return value;
  }
  throw new DecodeError('an integer', value).under(key);
}

/** An integer from 0 to `max`. */
export function readUnsigned(value: unknown, key: Key, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max) {
    return value;
  }
  throw new DecodeError(`an integer from 0 to ${max}`, value).under(key);
}

/** An integer from 0 to 255. */
export function readU8(value: unknown, key: Key): number {
  return readUnsigned(value, key, 0xff);
}

/** An integer from 0 to 65535. */
export function readU16(value: unknown, key: Key): number {
  return readUnsigned(value, key, 0xffff);
}

/** An integer from 0 to 2^32 - 1. */
export function readU32(value: unknown, key: Key): number {
  return readUnsigned(value, key, 0xffff_ffff);
}

/** An integer from 0 to 2^64 - 1. */
export function readU64(value: unknown, key: Key): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) {
    return BigInt(value);
  }
  if (typeof value === 'bigint' && value >= 0n && value <= U64_MAX) {
    return value;
  }
  throw new DecodeError('an integer from 0 to 2^64 - 1', value).under(key);
}

/** An integer from -2^63 to 2^63 - 1. */
export function readI64(value: unknown, key: Key): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value)) {
    return BigInt(value);
  }
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) {
    return value;
  }
  throw new DecodeError('an integer from -2^63 to 2^63 - 1', value).under(key);
}

/** Any number. */
export function readNumber(value: unknown, key: Key): number {
  if (typeof value === 'number') {
    return value;
  }
  if (typeof value === 'bigint') {
    return Number(value);
  }
  throw new DecodeError('a number', value).under(key);
}

/** An amount in msat. */
export function readMsat(value: unknown, key: Key): Msat {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) {
    return BigInt(value) as Msat;
  }
  const amount = parseMsat(value);
  if (amount !== undefined) {
    return amount;
  }
  throw new DecodeError('an amount from 0 to 2^64 - 1 msat', value).under(key);
}

/** Hexadecimal of any length. */
export function readHex(value: unknown, key: Key): string {
  if (typeof value === 'string' && HEX.test(value)) {
    return value;
  }
  throw new DecodeError('hexadecimal', value).under(key);
}

/** 32 bytes in hexadecimal: a hash, transaction id, channel id or secret. */
export function readHex32(value: unknown, key: Key): string {
  if (typeof value === 'string' && value.length === 64 && HEX.test(value)) {
    return value;
  }
  throw new DecodeError('32 bytes in hexadecimal', value).under(key);
}

/** 64 bytes in hexadecimal: a BIP 340 signature. */
export function readHex64(value: unknown, key: Key): string {
  if (typeof value === 'string' && value.length === 128 && HEX.test(value)) {
    return value;
  }
  throw new DecodeError('64 bytes in hexadecimal', value).under(key);
}

/** A node's public key. */
export function readNodeId(value: unknown, key: Key): NodeId {
  if (isNodeId(value)) {
    return value;
  }
  throw new DecodeError('a node id (66 hexadecimal digits)', value).under(key);
}

/** A short channel id. */
export function readScid(value: unknown, key: Key): ShortChannelId {
  if (isShortChannelId(value)) {
    return value;
  }
  throw new DecodeError('a short channel id (BLOCKxTXxOUT)', value).under(key);
}

/** A short channel id with direction, `BLOCKxTXxOUT/DIR`. */
export function readScidDir(value: unknown, key: Key): string {
  if (typeof value === 'string' && isShortChannelId(SCID_DIR.exec(value)?.[1])) {
    return value;
  }
  throw new DecodeError('a short channel id with direction (BLOCKxTXxOUT/DIR)', value).under(key);
}

/** A transaction output, `TXID:OUTNUM`. */
export function readOutpoint(value: unknown, key: Key): string {
  if (typeof value === 'string' && OUTPOINT.test(value)) {
    return value;
  }
  throw new DecodeError('an outpoint (TXID:OUTNUM)', value).under(key);
}

/** Exactly one of `choices`: for what we send. */
export function readChoice<T extends string>(value: unknown, key: Key, choices: readonly T[]): T {
  if (typeof value === 'string' && (choices as readonly string[]).includes(value)) {
    return value as T;
  }
  throw new DecodeError(`one of ${choices.join(', ')}`, value).under(key);
}

/** Any JSON value. */
export function readJson(value: unknown, key: Key): JsonValue {
  if (value !== undefined) {
    return value as JsonValue;
  }
  throw new DecodeError('a value', value).under(key);
}

/** An object whose members are not checked. */
export function readObject(value: unknown, key: Key): JsonObject {
  if (isJsonObject(value)) {
    return value;
  }
  throw new DecodeError('an object', value).under(key);
}

/** An object decoded by `decode`. */
export function readNested<T>(value: unknown, key: Key, decode: (input: unknown) => T): T {
  try {
    return decode(value);
  } catch (error) {
    throw error instanceof DecodeError ? error.under(key) : error;
  }
}

/** An array of what `read` takes. */
export function readList<T>(
  value: unknown,
  key: Key,
  read: (item: unknown, index: number) => T,
): readonly T[] {
  if (!Array.isArray(value)) {
    throw new DecodeError('an array', value).under(key);
  }
  try {
    return value.map(read);
  } catch (error) {
    throw error instanceof DecodeError ? error.under(key) : error;
  }
}

/** An array of objects decoded by `decode`. */
export function readListOf<T>(
  value: unknown,
  key: Key,
  decode: (item: unknown) => T,
): readonly T[] {
  if (!Array.isArray(value)) {
    throw new DecodeError('an array', value).under(key);
  }
  const items: T[] = [];
  try {
    for (const item of value) {
      items.push(decode(item));
    }
  } catch (error) {
    throw error instanceof DecodeError ? error.under(items.length).under(key) : error;
  }
  return items;
}

/** An object whose members are all decoded by `decode`; their names are data. */
export function readMapOf<T>(
  value: unknown,
  key: Key,
  decode: (member: unknown) => T,
): { readonly [name: string]: T } {
  const from = readObject(value, key);
  const entries: [string, T][] = [];
  for (const [name, member] of Object.entries(from)) {
    try {
      entries.push([name, decode(member)]);
    } catch (error) {
      throw error instanceof DecodeError ? error.under(name).under(key) : error;
    }
  }
  return Object.fromEntries(entries);
}

/** Refuses members other than `known`: lightningd aborts on some of them. */
export function refuseOthers(from: JsonObject, known: readonly string[]): void {
  for (const key of Object.keys(from)) {
    if (!known.includes(key) && from[key] !== undefined) {
      throw new DecodeError('no such member', from[key]).under(key);
    }
  }
}

/** Typed parameters as they go on the wire: names and values are already lightningd's. */
export function asParams(params: object): JsonObject {
  return params as JsonObject;
}

/** A value of one of several JSON types, not looked into further. */
export function readEither(
  value: unknown,
  key: Key,
  kinds: readonly ('string' | 'number' | 'null' | 'object' | 'array')[],
): JsonValue {
  const kind = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  if ((kinds as readonly string[]).includes(kind)) {
    return value as JsonValue;
  }
  throw new DecodeError(kinds.join(' or '), value).under(key);
}
