import { DecodeError, isJsonObject } from '@cl-hive/core';
import { INVALID_PARAMS, MethodError, refuse } from '../errors.ts';
import type { Param, Params, ParamValues, Presence } from './param.ts';

/** The usage as lightningd prints it: `id amount [label]`. */
export function usageOf(params: Params): string {
  return Object.entries(params)
    .map(([name, param]) => (param.presence === 'required' ? name : `[${name}]`))
    .join(' ');
}

/**
 * Refuses declarations that cannot be called: a name that is no identifier of the RPC, or a
 * required parameter behind an optional one, which no positional call could reach.
 */
export function checkParams(method: string, params: Params): void {
  let optional: string | undefined;
  for (const [name, param] of Object.entries(params)) {
    if (!/^[a-z][a-z0-9_]*$/.test(name)) {
      refuse(
        'definition_param',
        `${method}: the parameter name ${name} is not lower case letters, digits and _`,
        'rename it',
      );
    }
    if (param.presence !== 'required') {
      optional = name;
    } else if (optional !== undefined) {
      refuse(
        'definition_param',
        `${method}: the required parameter ${name} stands behind the optional ${optional}`,
        'declare required parameters first',
      );
    }
  }
}

/**
 * Reads named (object) or positional (array) arguments; null or nothing is no argument. Throws
 * MethodError -32602 that names the parameter; the value of a secret one is never in it.
 */
export function parseParams<S extends Params>(
  schema: S,
  input: unknown,
  deprecatedOk: boolean,
): ParamValues<S> {
  const given = byName(schema, input);
  const values: Record<string, unknown> = {};
  for (const [name, param] of Object.entries(schema)) {
    const value = given.get(name);
    if (value === undefined || value === null) {
      if (param.presence === 'required') {
        throw invalid(`missing required parameter: ${name}`, name);
      }
      if (param.presence === 'defaulted') {
        values[name] = param.fallback;
      }
    } else if (param.deprecated && !deprecatedOk) {
      throw invalid(`parameter ${name} is deprecated`, name);
    } else {
      values[name] = decodeParam(name, param, value);
    }
  }
  return values as ParamValues<S>;
}

function byName(schema: Params, input: unknown): ReadonlyMap<string, unknown> {
  const names = Object.keys(schema);
  if (input === undefined || input === null) {
    return new Map();
  }
  if (Array.isArray(input)) {
    if (input.length > names.length) {
      throw invalid(`too many parameters: got ${input.length}, expected ${names.length}`);
    }
    refuseNamed(names, input);
    return new Map(names.map((name, index) => [name, input[index]]));
  }
  if (!isJsonObject(input)) {
    throw invalid('the parameters must be an object or an array');
  }
  const unknown = Object.keys(input).find((name) => !Object.hasOwn(schema, name));
  if (unknown !== undefined) {
    const known = names.length === 0 ? 'it takes none' : `it takes ${usageOf(schema)}`;
    throw invalid(`unknown parameter: ${unknown.slice(0, 80)} (${known})`, unknown.slice(0, 80));
  }
  return new Map(Object.entries(input));
}

/** lightning-cli sends `name=value` as it stands when the first argument has no `=` and `-k` is missing. */
function refuseNamed(names: readonly string[], input: readonly unknown[]): void {
  const at = input.findIndex(
    (value) => typeof value === 'string' && names.some((name) => value.startsWith(`${name}=`)),
  );
  if (at !== -1) {
    const place = names[at] ?? '';
    const meant = String(input[at]).split('=', 1)[0] ?? '';
    throw invalid(
      `${meant}=... stands in the place of ${place}: give all parameters by name, with lightning-cli -k`,
      place,
    );
  }
}

function decodeParam(name: string, param: Param<unknown, Presence>, value: unknown): unknown {
  try {
    return param.decode(value);
  } catch (error) {
    if (!(error instanceof DecodeError)) {
      throw error;
    }
    const path = [name, error.path].filter((part) => part !== '').join('.');
    throw invalid(
      param.secret ? `${name}: expected ${error.expected}` : error.under(name).message,
      path,
    );
  }
}

function invalid(message: string, parameter?: string): MethodError {
  return new MethodError(
    INVALID_PARAMS,
    message,
    parameter === undefined ? undefined : { parameter },
  );
}

/** The texts of secret values that were given, for keeping them out of errors and logs. */
export function secretsIn(schema: Params, input: unknown): readonly string[] {
  const secret = Object.entries(schema).flatMap(([name, param], index) =>
    param.secret ? [{ name, index }] : [],
  );
  const texts: string[] = [];
  for (const { name, index } of secret) {
    const value: unknown = Array.isArray(input)
      ? input[index]
      : isJsonObject(input)
        ? input[name]
        : undefined;
    collect(value, texts);
  }
  return texts;
}

function collect(value: unknown, into: string[]): void {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') {
    const text = String(value);
    if (text.length >= 3) {
      into.push(text);
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) {
      collect(inner, into);
    }
  }
}

/** `text` with every secret replaced. */
export function redact(text: string, secrets: readonly string[]): string {
  return secrets.reduce((result, secret) => result.replaceAll(secret, '[secret]'), text);
}
