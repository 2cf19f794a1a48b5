import { isJsonObject, type JsonValue } from '@cl-hive/core';
import { memberSpans, rawKind, WireObject } from './json-members.ts';

/** What one plugin's reply to `rpc_command` wants. */
export type RpcHookReply =
  | { readonly kind: 'continue' }
  | { readonly kind: 'replace'; readonly request: string }
  | { readonly kind: 'return'; readonly member: 'result' | 'error'; readonly raw: string }
  /** Logged as BROKEN and then taken as continue. */
  | { readonly kind: 'bad'; readonly why: string };

function sub(raw: string, name: string): string | undefined {
  if (rawKind(raw) !== 'object') {
    return undefined;
  }
  const span = memberSpans(raw).get(name);
  return span === undefined ? undefined : raw.slice(span.start, span.end);
}

/** Reads the raw `result` member of a reply to `rpc_command`. */
export function readRpcHookReply(raw: string): RpcHookReply {
  const said = sub(raw, 'result');
  if (said !== undefined) {
    return said === '"continue"'
      ? { kind: 'continue' }
      : { kind: 'bad', why: "'result' should only be 'continue'." };
  }
  const replace = sub(raw, 'replace');
  if (replace !== undefined) {
    return { kind: 'replace', request: replace };
  }
  const answer = sub(raw, 'return');
  const result = answer === undefined ? undefined : sub(answer, 'result');
  if (result !== undefined) {
    return { kind: 'return', member: 'result', raw: result };
  }
  const error = answer === undefined ? undefined : sub(answer, 'error');
  if (error === undefined) {
    return { kind: 'bad', why: '' };
  }
  const value = JSON.parse(error) as JsonValue;
  if (!isJsonObject(value) || !Number.isInteger(value['code'])) {
    return { kind: 'bad', why: "'error' object does not contain a code." };
  }
  return value['message'] === undefined
    ? { kind: 'bad', why: "'error' object does not contain a message." }
    : { kind: 'return', member: 'error', raw: error };
}

/** The request that `replace` put in the place of the client's, or what is wrong with it. */
export function readReplacement(
  raw: string,
): { readonly wire: WireObject; readonly method: string; readonly params: string } | string {
  if (rawKind(raw) !== 'object') {
    return "'replace' must be an object";
  }
  const wire = new WireObject(raw);
  const method = wire.raw('method');
  const params = wire.raw('params');
  if (method === undefined) {
    return "missing 'method'";
  }
  if (params === undefined) {
    return "missing 'params'";
  }
  if (!wire.has('id')) {
    return "missing 'id'";
  }
  return { wire, method: rawKind(method) === 'string' ? method.slice(1, -1) : method, params };
}
