import { isNodeId, type JsonObject, type Msat, type NodeId, parseMsat } from '@cl-hive/core';
import { LabRpcError } from '../contract/node.ts';

/** JSON-RPC's code for wrong parameters. */
export const INVALID_PARAMS = -32602;

/** lightningd's code for what has no code of its own. */
export const LIGHTNINGD = -1;

/** The error of a parameter that has not the form it must have. */
export function badParam(name: string, wanted: string, value: unknown): LabRpcError {
  return new LabRpcError(
    INVALID_PARAMS,
    `${name}: ${wanted}: invalid token '${JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? v.toString() : v))}'`,
  );
}

/** A text parameter, or undefined where it is absent. */
export function optionalText(params: JsonObject, name: string): string | undefined {
  const value = params[name];
  if (value === undefined || value === null) {
    return undefined;
  }
  if (typeof value !== 'string') {
    throw badParam(name, 'should be a string', value);
  }
  return value;
}

/** A text parameter that must be there. */
export function requiredText(params: JsonObject, name: string): string {
  const value = optionalText(params, name);
  if (value === undefined) {
    throw missing(name);
  }
  return value;
}

/** The error of a parameter that is not there. */
export function missing(name: string): LabRpcError {
  return new LabRpcError(INVALID_PARAMS, `missing required parameter: ${name}`);
}

/** A node id parameter. */
export function optionalId(params: JsonObject, name: string): NodeId | undefined {
  const value = params[name];
  if (value === undefined || value === null) {
    return undefined;
  }
  const lower = typeof value === 'string' ? value.toLowerCase() : value;
  if (!isNodeId(lower)) {
    throw badParam(name, 'should be a node id', value);
  }
  return lower;
}

/** An unsigned integer parameter; texts of digits count, as lightning-cli sends them. */
export function optionalInteger(
  params: JsonObject,
  name: string,
  max = Number.MAX_SAFE_INTEGER,
): number | undefined {
  const value = params[name];
  if (value === undefined || value === null) {
    return undefined;
  }
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 0 || number > max) {
    throw badParam(name, 'should be an integer', value);
  }
  return number;
}

/** An unsigned 64-bit parameter; texts of digits count. */
export function optionalU64(params: JsonObject, name: string): bigint | undefined {
  const value = params[name];
  if (value === undefined || value === null) {
    return undefined;
  }
  const text = typeof value === 'number' || typeof value === 'bigint' ? String(value) : value;
  const number = typeof text === 'string' && /^\d{1,20}$/.test(text) ? BigInt(text) : -1n;
  if (number < 0n || number >= 1n << 64n) {
    throw badParam(name, 'should be an unsigned 64 bit integer', value);
  }
  return number;
}

/** A parameter of 32 bytes in hex: a hash or a secret. */
export function optionalBytes32(params: JsonObject, name: string): string | undefined {
  const value = params[name];
  if (value === undefined || value === null) {
    return undefined;
  }
  if (typeof value !== 'string' || !/^[0-9a-f]{64}$/i.test(value)) {
    throw badParam(name, 'should be a 32 byte hex value', value);
  }
  return value.toLowerCase();
}

/** A true-or-false parameter. */
export function optionalFlag(params: JsonObject, name: string): boolean | undefined {
  const value = params[name];
  if (value === undefined || value === null) {
    return undefined;
  }
  if (value === true || value === 'true') {
    return true;
  }
  if (value === false || value === 'false') {
    return false;
  }
  throw badParam(name, "should be 'true' or 'false'", value);
}

/** An amount parameter in msat. */
export function optionalMsat(params: JsonObject, name: string): Msat | undefined {
  const value = params[name];
  if (value === undefined || value === null) {
    return undefined;
  }
  const amount = parseMsat(value);
  if (amount === undefined) {
    throw badParam(name, 'should be a millisatoshi amount', value);
  }
  return amount;
}

/** An amount of whole satoshi; bare numbers are satoshi, texts may carry a unit. */
export function optionalSat(params: JsonObject, name: string): bigint | undefined {
  const value = params[name];
  if (value === undefined || value === null) {
    return undefined;
  }
  const bare = typeof value === 'string' && /^\d+$/.test(value) ? BigInt(value) : value;
  if (typeof bare === 'bigint' || (typeof bare === 'number' && Number.isSafeInteger(bare))) {
    if (bare >= 0 && bare <= 21_000_000n * 100_000_000n) {
      return BigInt(bare);
    }
  }
  const amount = typeof bare === 'string' ? parseMsat(bare) : undefined;
  if (amount === undefined || amount % 1000n !== 0n) {
    throw badParam(name, 'should be a satoshi amount', value);
  }
  return amount / 1000n;
}
