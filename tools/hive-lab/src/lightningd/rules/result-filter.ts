import { isJsonObject, type JsonObject, type JsonValue } from '@cl-hive/core';
import { badParam } from './param-type.ts';

/** What a request's `filter` leaves of an answer: a template of `true` leaves. */
export type ResultFilter =
  | { readonly kind: 'all' }
  | { readonly kind: 'array'; readonly item: ResultFilter }
  | { readonly kind: 'object'; readonly members: ReadonlyMap<string, ResultFilter> };

const ALL: ResultFilter = { kind: 'all' };

/** Reads a `filter` member. Throws LabRpcError -32602 with lightningd's words. */
export function readFilter(filter: JsonValue): ResultFilter {
  if (!isJsonObject(filter)) {
    throw badParam('filter', 'Expected object', filter);
  }
  return build(filter);
}

function build(template: JsonValue): ResultFilter {
  if (Array.isArray(template)) {
    const [item] = template as readonly JsonValue[];
    if (template.length !== 1 || item === undefined) {
      throw badParam('filter', 'Arrays can only have one element', template);
    }
    return { kind: 'array', item: leaf(item) };
  }
  const members = Object.entries(template as JsonObject);
  return members.length === 0
    ? ALL
    : { kind: 'object', members: new Map(members.map(([name, value]) => [name, leaf(value)])) };
}

function leaf(value: JsonValue): ResultFilter {
  if (typeof value === 'object' && value !== null) {
    return build(value);
  }
  if (value !== true) {
    throw badParam('filter', 'value must be true', value);
  }
  return ALL;
}

/** Where a filter expected another shape than the answer has; the first one found. */
interface Misuse {
  at: string | undefined;
}

/**
 * What `filter` leaves of `result`; with `warning_parameter_filter` when the template has an array
 * where the result has an object, or the other way round.
 */
export function applyFilter(result: JsonObject, filter: ResultFilter): JsonObject {
  const misuse: Misuse = { at: undefined };
  const kept = keep(result, filter, '', misuse) ?? {};
  const object = isJsonObject(kept) ? kept : {};
  return misuse.at === undefined ? object : { ...object, warning_parameter_filter: misuse.at };
}

function keep(
  value: JsonValue,
  filter: ResultFilter,
  path: string,
  misuse: Misuse,
): JsonValue | undefined {
  if (filter.kind === 'all' || typeof value !== 'object' || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    return keepItems(value, filter, path, misuse);
  }
  if (filter.kind === 'array') {
    misuse.at ??= `${path} is an object`;
    return undefined;
  }
  const kept: Record<string, JsonValue> = {};
  for (const [name, member] of Object.entries(value as JsonObject)) {
    const inner = filter.members.get(name);
    const left = inner === undefined ? undefined : keep(member, inner, `${path}.${name}`, misuse);
    if (left !== undefined) {
      kept[name] = left;
    }
  }
  return kept;
}

function keepItems(
  items: readonly JsonValue[],
  filter: ResultFilter,
  path: string,
  misuse: Misuse,
): JsonValue | undefined {
  if (filter.kind !== 'array') {
    misuse.at ??= `${path} is an array`;
    return undefined;
  }
  return items
    .map((item) => keep(item, filter.item, `${path}[]`, misuse))
    .filter((item) => item !== undefined);
}
