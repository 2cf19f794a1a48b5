import { bytesToHex, compareCodeUnits } from '@cl-hive/core';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';

/**
 * The one text of a value: members sorted by code unit, no white space, integers in decimal. Absent
 * members are left out. Throws RangeError on a number that is no safe integer: nothing in a plan is
 * a fraction, because fractions differ between machines that add them in another order.
 */
export function canonicalJson(value: unknown): string {
  return textOf(value, new Map());
}

/** `quoted` holds the texts that were written before: ids come again and again in a plan. */
function textOf(value: unknown, quoted: Map<string, string>): string {
  switch (typeof value) {
    case 'string':
      return quote(value, quoted);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'bigint':
      return value.toString();
    case 'number':
      if (!Number.isSafeInteger(value)) {
        throw new RangeError(`${value} is no safe integer and has no canonical text`);
      }
      return Object.is(value, -0) ? '0' : String(value);
    case 'object':
      return value === null ? 'null' : objectText(value, quoted);
    default:
      throw new RangeError(`a ${typeof value} has no canonical text`);
  }
}

function quote(text: string, quoted: Map<string, string>): string {
  let known = quoted.get(text);
  if (known === undefined) {
    known = JSON.stringify(text);
    quoted.set(text, known);
  }
  return known;
}

function objectText(value: object, quoted: Map<string, string>): string {
  let text = '';
  if (Array.isArray(value)) {
    for (const item of value) {
      text += text === '' ? textOf(item, quoted) : `,${textOf(item, quoted)}`;
    }
    return `[${text}]`;
  }
  const members = value as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(members).sort()) {
    const member = members[key];
    if (member !== undefined) {
      text += `${text === '' ? '' : ','}${quote(key, quoted)}:${textOf(member, quoted)}`;
    }
  }
  return `{${text}}`;
}

/** SHA-256 of a text's UTF-8, in lower-case hexadecimal. */
export function textDigest(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}

/** SHA-256 of {@link canonicalJson}, in lower-case hexadecimal. */
export function contentDigest(value: unknown): string {
  return textDigest(canonicalJson(value));
}

/** Compares member by member in the given order: numbers by size, texts by code unit, absent first. */
export function compareBy<T>(
  ...keys: readonly ((item: T) => string | number | null | undefined)[]
) {
  return (a: T, b: T): number => {
    for (const key of keys) {
      const order = compareScalars(key(a), key(b));
      if (order !== 0) {
        return order;
      }
    }
    return 0;
  };
}

function compareScalars(
  a: string | number | null | undefined,
  b: string | number | null | undefined,
): number {
  if (typeof a === 'number' && typeof b === 'number') {
    return a - b;
  }
  return compareCodeUnits(
    a === undefined || a === null ? '' : String(a),
    b === undefined || b === null ? '' : String(b),
  );
}

/** A sorted copy without repetition. */
export function sortedUnique<T extends string>(items: Iterable<T>): T[] {
  // Without a comparator texts are ordered by code unit.
  return [...new Set(items)].sort();
}
