import { CodedError } from '@cl-hive/core';
import { canonicalJson, pythonJson, pythonNumber } from './canonical-json.ts';
import { compareCodePoints } from './code-points.ts';
import { objectsOf, sha256Hex } from './hashes.ts';
import { isWireObject, JsonFloat, member, type WireObject, type WireValue } from './wire-value.ts';

/** Makes the signed text of a payload as it was sent. */
export type Builder = (raw: WireObject) => string;
/** A member and the value that takes its place where it is absent. */
export type Part = readonly [key: string, absent: WireValue];

/** A text, empty where absent. */
export const text = (key: string): Part => [key, ''];
/** A number, 0 where absent. */
export const count = (key: string): Part => [key, 0];

/** What Python's `payload.get(key, absent)` gives: null where the member is null. */
export function value(raw: WireObject, [key, absent]: Part): WireValue {
  return member(raw, key) ?? (Object.hasOwn(raw, key) ? null : absent);
}

/** A value inside a Python f-string. Throws CodedError `not_signable` for arrays and objects. */
export function format(item: WireValue): string {
  if (typeof item === 'string') {
    return item;
  }
  if (typeof item === 'number' || typeof item === 'bigint' || item instanceof JsonFloat) {
    return pythonNumber(item);
  }
  if (item === null) {
    return 'None';
  }
  if (typeof item === 'boolean') {
    return item ? 'True' : 'False';
  }
  throw new CodedError('not_signable', 'an array or object has no place in a signed line');
}

/** Canonical JSON of the given members, with fixed members beside them. */
export function json(parts: readonly Part[], fixed: WireObject = {}): Builder {
  return (raw) =>
    canonicalJson({
      ...fixed,
      ...Object.fromEntries(parts.map((one) => [one[0], value(raw, one)])),
    });
}

/** Members joined by colons after `prefix`. */
export function line(prefix: string, ...parts: readonly Part[]): Builder {
  return (raw) => [prefix, ...parts.map((one) => format(value(raw, one)))].join(':');
}

function compare(a: WireValue, b: WireValue): number {
  if (typeof a === 'string' && typeof b === 'string') {
    return compareCodePoints(a, b);
  }
  return numeric(a) - numeric(b);
}

function numeric(item: WireValue): number {
  return item instanceof JsonFloat ? item.value : Number(item);
}

/** The first 16 digits of the hash of an array, its objects sorted by `keys`. */
function sortedHash(entries: readonly WireObject[], keys: readonly Part[]): string {
  const sorted = [...entries].sort((a, b) => {
    for (const key of keys) {
      const order = compare(value(a, key), value(b, key));
      if (order !== 0) {
        return order;
      }
    }
    return 0;
  });
  return sha256Hex(canonicalJson(sorted)).slice(0, 16);
}

/** Reporter, time, number of entries and their hash. */
export function batch(prefix: string, entries: string, ...keys: readonly Part[]): Builder {
  const head = line(prefix, text('reporter_id'), count('timestamp'));
  return (raw) => {
    const list = objectsOf(member(raw, entries));
    return `${head(raw)}:${list.length}:${sortedHash(list, keys)}`;
  };
}

/** The hash that the flow solver's messages sign: entries as sent, JSON with spaces. */
export function spacedHash(raw: WireObject, entries: string): string {
  const list = member(raw, entries) ?? [];
  return sha256Hex(pythonJson(list, { sortKeys: true, spaced: true })).slice(0, 16);
}

/** Texts joined by commas, sorted or as sent. */
export function joined(raw: WireObject, key: string, sorted: boolean): string {
  const items = member(raw, key);
  const names = Array.isArray(items) ? items.map((item: WireValue) => format(item)) : [];
  return (sorted ? names.sort(compareCodePoints) : names).join(',');
}

/** The object under `key`; an empty one where there is none. */
export function nested(raw: WireObject, key: string): WireObject {
  const inner = member(raw, key);
  return isWireObject(inner) ? inner : {};
}
