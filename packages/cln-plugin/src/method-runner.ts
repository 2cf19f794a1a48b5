import {
  CodedError,
  describeError,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJson,
  stringifyJson,
} from '@cl-hive/core';
import type { MethodCall } from './context.ts';
import {
  CODED_ERROR,
  INTERNAL_ERROR,
  INVALID_PARAMS,
  MethodError,
  UNKNOWN_METHOD,
} from './errors.ts';
import { applyFilter, type Filter, parseFilter } from './filter.ts';
import { errorText, type Logger } from './log.ts';
import type { AnyMethod } from './method.ts';
import { parseParams, redact, secretsIn } from './params/parse.ts';

/** A JSON-RPC error object. */
export interface RpcErrorObject {
  readonly code: number;
  readonly message: string;
  readonly data?: JsonValue;
}

/** What goes back to a caller: text of a result, or an error. */
export type Outcome = { readonly result: string } | { readonly error: RpcErrorObject };

/** A call as it arrived. */
export interface IncomingCall {
  readonly name: string;
  readonly method: AnyMethod;
  readonly params: unknown;
  readonly filter: unknown;
}

/** Runs one method to its outcome. Never throws; the stack goes to the log only. */
export async function runMethod(
  incoming: IncomingCall,
  call: MethodCall,
  log: Logger,
): Promise<Outcome> {
  const { name, method, params } = incoming;
  try {
    const filter = parseFilter(incoming.filter);
    const values = parseParams(method.params, params, call.deprecatedOk);
    await method.check?.(values as never);
    const handler = await method.handler();
    const result = await handler(values as never, call as never);
    return { result: resultText(name, result, filter) };
  } catch (error) {
    return { error: describeFailure(name, error, secretsIn(method.params, params), log) };
  }
}

/** Serves `check` for a method: everything but the handler runs. Throws MethodError. */
export async function checkCall(
  method: AnyMethod,
  params: unknown,
  deprecatedOk: boolean,
): Promise<void> {
  const values = parseParams(method.params, params, deprecatedOk);
  await method.check?.(values as never);
}

/** The command that `check` is about, and its parameters, named or positional. */
export function commandToCheck(params: unknown): {
  readonly command: string;
  readonly rest: JsonValue;
} {
  if (Array.isArray(params)) {
    const [command, ...rest] = params as readonly JsonValue[];
    if (typeof command === 'string') {
      return { command, rest };
    }
  } else if (isJsonObject(params)) {
    const { command_to_check: command, ...rest } = params;
    if (typeof command === 'string') {
      return { command, rest };
    }
  }
  throw new MethodError(INVALID_PARAMS, 'missing required parameter: command_to_check');
}

/** The error of a method that this plugin does not have. */
export function unknownMethod(name: string): RpcErrorObject {
  return { code: UNKNOWN_METHOD, message: `Unknown command '${name.slice(0, 80)}'` };
}

/** The error object for anything that was thrown; what the author did not name is logged. */
export function describeFailure(
  name: string,
  error: unknown,
  secrets: readonly string[],
  log: Logger,
): RpcErrorObject {
  const told = errorObject(name, error);
  if (!(error instanceof MethodError)) {
    log(
      // The caller got the coded error whole; only whoever debugs wants its stack as well.
      error instanceof CodedError ? 'debug' : 'broken',
      redact(`${name}: ${errorText(error)}`, secrets),
    );
  }
  return {
    ...told,
    message: redact(told.message, secrets),
    ...(told.data === undefined ? {} : { data: hideIn(told.data, secrets) }),
  };
}

function errorObject(name: string, error: unknown): RpcErrorObject {
  if (error instanceof MethodError) {
    const data = sendable(error.rpcData);
    return {
      code: error.rpcCode,
      message: error.message,
      ...(data === undefined ? {} : { data }),
    };
  }
  if (error instanceof CodedError) {
    const remedy = error.remedy === undefined ? {} : { remedy: error.remedy };
    return { code: CODED_ERROR, message: error.message, data: { code: error.code, ...remedy } };
  }
  return {
    code: INTERNAL_ERROR,
    message: `${name} failed inside the plugin: ${firstLine(describeError(error))} (the log of the node has more)`,
  };
}

function firstLine(text: string): string {
  const end = text.indexOf('\n');
  return end === -1 ? text : text.slice(0, end);
}

function sendable(data: JsonValue | undefined): JsonValue | undefined {
  if (data === undefined) {
    return undefined;
  }
  try {
    return parseJson(stringifyJson(data));
  } catch {
    return undefined;
  }
}

function hideIn(data: JsonValue, secrets: readonly string[]): JsonValue {
  if (typeof data === 'string') {
    return redact(data, secrets);
  }
  if (Array.isArray(data)) {
    return data.map((item: JsonValue) => hideIn(item, secrets));
  }
  if (isJsonObject(data)) {
    return Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, hideIn(value, secrets)]),
    );
  }
  return data;
}

function resultText(name: string, result: unknown, filter: Filter | undefined): string {
  const value = result ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new TypeError(
      `${name} returned ${Array.isArray(value) ? 'an array' : typeof value} where an object must be`,
    );
  }
  const text = stringifyJson(value);
  if (filter === undefined) {
    if (!text.startsWith('{')) {
      throw new TypeError(`${name} returned an object that is no JSON object`);
    }
    return text;
  }
  return stringifyJson(applyFilter(filter, parseJson(text) as JsonObject));
}
