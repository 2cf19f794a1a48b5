import { isJsonObject, type JsonObject, type JsonValue } from '@cl-hive/core';
import { INVALID_PARAMS, MethodError } from './errors.ts';

/**
 * What a caller's `filter` keeps: `true`, the members of an object, or the items of an array.
 * lightningd filters its own commands only; those of plugins are filtered here.
 */
export type Filter =
  | true
  | { readonly members: ReadonlyMap<string, Filter> }
  | { readonly items: Filter };

/** Reads a `filter`; undefined when there is none. Throws MethodError -32602 as lightningd does. */
export function parseFilter(input: unknown): Filter | undefined {
  if (input === undefined || input === null) {
    return undefined;
  }
  if (!isJsonObject(input)) {
    throw new MethodError(INVALID_PARAMS, 'filter: expected an object');
  }
  return parseAt(input, 'filter');
}

function parseAt(input: unknown, path: string): Filter {
  if (input === true) {
    return true;
  }
  if (Array.isArray(input)) {
    if (input.length !== 1) {
      throw new MethodError(INVALID_PARAMS, `${path}: an array takes exactly one template`);
    }
    return { items: parseAt(input[0], `${path}[0]`) };
  }
  if (!isJsonObject(input)) {
    throw new MethodError(INVALID_PARAMS, `${path}: a leaf must be true`);
  }
  const members = new Map<string, Filter>();
  for (const [key, value] of Object.entries(input)) {
    members.set(key, parseAt(value, `${path}.${key}`));
  }
  return { members };
}

/**
 * The part of `result` that `filter` keeps. A template that does not fit what is there keeps
 * nothing and is told in `warning_parameter_filter`; `format-hint` always stays.
 */
export function applyFilter(filter: Filter, result: JsonObject): JsonObject {
  const warnings: string[] = [];
  const kept = keep(filter, result, 'result', warnings);
  return {
    ...(isJsonObject(kept) ? kept : {}),
    ...(result['format-hint'] === undefined ? {} : { 'format-hint': result['format-hint'] }),
    ...(warnings[0] === undefined ? {} : { warning_parameter_filter: warnings[0] }),
  };
}

function keep(filter: Filter, value: JsonValue, path: string, warnings: string[]): JsonValue {
  if (filter === true) {
    return value;
  }
  if ('items' in filter) {
    if (Array.isArray(value)) {
      return value.map((item: JsonValue, index) =>
        keep(filter.items, item, `${path}[${index}]`, warnings),
      );
    }
    warnings.push(`${path} is not an array`);
    return [];
  }
  if (!isJsonObject(value)) {
    warnings.push(`${path} is not an object`);
    return {};
  }
  const kept: Record<string, JsonValue> = {};
  for (const [key, inner] of filter.members) {
    const member = Object.hasOwn(value, key) ? value[key] : undefined;
    if (member !== undefined) {
      kept[key] = keep(inner, member, `${path}.${key}`, warnings);
    }
  }
  return kept;
}
