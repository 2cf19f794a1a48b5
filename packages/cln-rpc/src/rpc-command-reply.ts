import { DecodeError, isJsonObject, type JsonObject, type JsonValue } from '@cl-hive/core';
import {
  readChoice,
  readInteger,
  readJson,
  readNested,
  readObject,
  readRecord,
  readText,
  refuseOthers,
} from './decoding.ts';

/** What may be answered to the hook `rpc_command`. */
export type RpcCommandHookReply =
  | { readonly result: 'continue' }
  | {
      /** The request to run instead. */
      readonly replace: {
        readonly jsonrpc: '2.0';
        readonly id: string | number | null;
        readonly method: string;
        readonly params: JsonObject | readonly JsonValue[];
        readonly filter?: JsonObject;
      };
    }
  | { readonly return: { readonly result: JsonObject } }
  | {
      readonly return: {
        readonly error: {
          readonly code: number;
          readonly message: string;
          readonly data?: JsonValue;
        };
      };
    };

type Replace = Extract<RpcCommandHookReply, { readonly replace: unknown }>['replace'];
type Return = Extract<RpcCommandHookReply, { readonly return: unknown }>;

/**
 * Checks an answer to the hook `rpc_command`, the only one whose forms differ by member. Throws
 * DecodeError.
 */
export function checkRpcCommandHookReply(reply: unknown): RpcCommandHookReply {
  const from = readRecord(reply);
  if (from['replace'] !== undefined) {
    refuseOthers(from, ['replace']);
    return { replace: readNested(from['replace'], 'replace', replaceOf) };
  }
  if (from['return'] !== undefined) {
    refuseOthers(from, ['return']);
    return readNested(from['return'], 'return', returnOf);
  }
  refuseOthers(from, ['result']);
  return { result: readChoice(from['result'], 'result', ['continue'] as const) };
}

function replaceOf(input: unknown): Replace {
  const from = readRecord(input);
  refuseOthers(from, ['jsonrpc', 'id', 'method', 'params', 'filter']);
  return {
    jsonrpc: readChoice(from['jsonrpc'], 'jsonrpc', ['2.0'] as const),
    id: idOf(from['id']),
    method: readText(from['method'], 'method'),
    params: paramsOf(from['params']),
    ...(from['filter'] === undefined ? {} : { filter: readObject(from['filter'], 'filter') }),
  };
}

function idOf(id: JsonValue | undefined): string | number | null {
  if (id === null || typeof id === 'string' || typeof id === 'number') {
    return id;
  }
  throw new DecodeError('a text, a number or null', id).under('id');
}

function paramsOf(params: JsonValue | undefined): JsonObject | readonly JsonValue[] {
  if (isJsonObject(params) || Array.isArray(params)) {
    return params;
  }
  throw new DecodeError('an object or an array', params).under('params');
}

function returnOf(input: unknown): Return {
  const from = readRecord(input);
  if (from['error'] === undefined) {
    refuseOthers(from, ['result']);
    return { return: { result: readObject(from['result'], 'result') } };
  }
  refuseOthers(from, ['error']);
  return { return: { error: readNested(from['error'], 'error', errorOf) } };
}

function errorOf(input: unknown): { code: number; message: string; data?: JsonValue } {
  const from = readRecord(input);
  refuseOthers(from, ['code', 'message', 'data']);
  return {
    code: readInteger(from['code'], 'code'),
    message: readText(from['message'], 'message'),
    ...(from['data'] === undefined ? {} : { data: readJson(from['data'], 'data') }),
  };
}
