import { isHex, isNodeId, type JsonValue, type NodeId, stringifyJson } from '@cl-hive/core';
import { LabRpcError } from '../../contract/node.ts';
import { RPC_ERROR } from '../data/rpc-error-codes.ts';
import { itemTexts, rawKind, rawText } from './json-members.ts';

/** The error of a parameter with a wrong value, in lightningd's form. */
export function badParam(name: string, problem: string, value: JsonValue): LabRpcError {
  return badToken(name, problem, stringifyJson(value));
}

/** As {@link badParam}, for a value that stands as it was written. */
export function badToken(name: string, problem: string, raw: string): LabRpcError {
  return new LabRpcError(RPC_ERROR.invalidParams, `${name}: ${problem}: invalid token '${raw}'`);
}

/** An error -32602 with any other text. */
export function invalidParams(message: string): LabRpcError {
  return new LabRpcError(RPC_ERROR.invalidParams, message);
}

/** Reads one parameter from its raw JSON token. Throws LabRpcError -32602. */
export type ParamType<T> = (raw: string, name: string) => T;

/** The text between the quotes, escapes untouched: what most of lightningd's text parameters take. */
export const rawString: ParamType<string> = (raw) => rawText(raw);

const UNICODE_ESCAPE = /(?<!\\)(?:\\\\)*\\u/;

/** A string with its escapes undone; `\u` escapes are refused, as lightningd refuses them. */
export const escapedString: ParamType<string> = (raw, name) => {
  if (rawKind(raw) !== 'string' || UNICODE_ESCAPE.test(raw)) {
    throw badToken(name, 'should be a string (without \\u)', raw);
  }
  return JSON.parse(raw) as string;
};

/** Hexadecimal, as bytes. */
export const hexBytes: ParamType<Uint8Array> = (raw, name) => {
  const text = rawText(raw);
  if (!isHex(text)) {
    throw badToken(name, 'should be a hex value', raw);
  }
  return Buffer.from(text, 'hex');
};

/** An unsigned 64-bit integer, also when written as a string. */
export const unsigned64: ParamType<bigint> = (raw, name) => {
  const text = rawText(raw);
  const value = /^\d{1,20}$/.test(text) ? BigInt(text) : -1n;
  if (value < 0n || value >= 1n << 64n) {
    throw badToken(name, 'should be an unsigned 64 bit integer', raw);
  }
  return value;
};

/** `true` or `false`, not as a string. */
export const truth: ParamType<boolean> = (raw, name) => {
  if (raw !== 'true' && raw !== 'false') {
    throw badToken(name, "should be 'true' or 'false'", raw);
  }
  return raw === 'true';
};

/** A node's public key. */
export const publicKey: ParamType<NodeId> = (raw, name) => {
  const text = rawText(raw).toLowerCase();
  if (!isNodeId(text)) {
    throw badToken(name, 'should be a compressed pubkey', raw);
  }
  return text;
};

/** A datastore key: an array of texts, or one text; other primitives count as their text. */
export const keyPath: ParamType<readonly string[]> = (raw, name) => {
  if (rawKind(raw) === 'object') {
    throw badToken(name, 'should be string or array', raw);
  }
  if (rawKind(raw) !== 'array') {
    return [rawText(raw)];
  }
  const items = itemTexts(raw);
  if (items.length === 0) {
    throw badToken(name, 'should not be empty', raw);
  }
  return items.map((item) => {
    if (rawKind(item) === 'object' || rawKind(item) === 'array') {
      throw badToken(name, 'should be string', item);
    }
    return rawText(item);
  });
};
