import { CodedError } from '@cl-hive/core';
import { compareCodePoints } from './code-points.ts';
import { WIRE_DEPTH_MAX } from './limits.ts';
import { JsonFloat } from './wire-value.ts';

/** Why a value was refused as JSON. */
export type CanonicalJsonErrorCode = 'json_value' | 'json_number' | 'json_depth';

/** How `json.dumps` is called: `sort_keys`, and `separators` either `(',', ':')` or the default. */
export interface PythonJsonOptions {
  readonly sortKeys: boolean;
  /** Python's default separators `', '` and `': '` in place of the compact ones. */
  readonly spaced?: boolean;
}

const UNSAFE = /["\\]|[^ -~]/g;
const SHORT: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

function escapeUnit(unit: string): string {
  return SHORT.get(unit) ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/**
 * `text` between the quotes of a JSON text, escaped as Python's `json.dumps` does by default: every
 * UTF-16 unit outside U+0020 to U+007E as lower-case `\uXXXX`, U+007F and lone surrogates included.
 */
export function escapedText(text: string): string {
  return text.replace(UNSAFE, escapeUnit);
}

/**
 * A float as Python's `repr` writes it: the shortest digits that read back, `.0` when whole, and an
 * exponent of at least two digits below 1e-4 and from 1e16 on. Throws CodedError `json_number` for
 * NaN and infinities, which Python writes but no JSON reader takes.
 */
export function pythonFloat(value: number): string {
  if (!Number.isFinite(value)) {
    throw new CodedError<CanonicalJsonErrorCode>('json_number', `${value} has no JSON form`);
  }
  const [mantissa = '', exponentText = ''] = value.toExponential().split('e');
  const sign = Object.is(value, -0) || value < 0 ? '-' : '';
  const digits = mantissa.replace(/[-.]/g, '');
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 16) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
    const power = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${digits.charAt(0)}${fraction}e${exponent < 0 ? '-' : '+'}${power}`;
  }
  if (exponent < 0) {
    return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  }
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`;
}

/**
 * A number as Python writes it: a safe integer as an int, everything else, and every
 * {@link JsonFloat}, as a float.
 */
export function pythonNumber(value: number | bigint | JsonFloat): string {
  if (value instanceof JsonFloat) {
    return pythonFloat(value.value);
  }
  return typeof value === 'bigint' || Number.isSafeInteger(value)
    ? BigInt(value).toString()
    : pythonFloat(value);
}

/**
 * What Python's `json.dumps` writes for `value` (ASCII only). Takes plain objects, arrays, texts,
 * numbers, bigint, booleans, null and {@link JsonFloat}; members that are undefined are left out.
 * Throws CodedError `json_value` for anything else, `json_number` for NaN and infinities,
 * `json_depth` beyond 16 levels (cycles included).
 */
export function pythonJson(value: unknown, options: PythonJsonOptions): string {
  const comma = options.spaced === true ? ', ' : ',';
  const colon = options.spaced === true ? ': ' : ':';
  const write = (item: unknown, depth: number): string => {
    if (depth > WIRE_DEPTH_MAX) {
      throw new CodedError<CanonicalJsonErrorCode>(
        'json_depth',
        `a value is nested deeper than ${WIRE_DEPTH_MAX}`,
      );
    }
    const plain = scalar(item);
    if (plain !== undefined) {
      return plain;
    }
    if (Array.isArray(item)) {
      return `[${item.map((entry) => write(entry, depth + 1)).join(comma)}]`;
    }
    const object = plainObject(item);
    const keys = Object.keys(object).filter((key) => object[key] !== undefined);
    if (options.sortKeys) {
      keys.sort(compareCodePoints);
    }
    const members = keys.map(
      (key) => `"${escapedText(key)}"${colon}${write(object[key], depth + 1)}`,
    );
    return `{${members.join(comma)}}`;
  };
  return write(value, 0);
}

/** The canonical form: `json.dumps(value, sort_keys=True, separators=(',', ':'))`; see {@link pythonJson}. */
export function canonicalJson(value: unknown): string {
  return pythonJson(value, { sortKeys: true });
}

/** The text of anything that is neither array nor object; undefined for those. */
function scalar(item: unknown): string | undefined {
  switch (typeof item) {
    case 'string':
      return `"${escapedText(item)}"`;
    case 'boolean':
      return item ? 'true' : 'false';
    case 'number':
    case 'bigint':
      return pythonNumber(item);
    case 'object':
      if (item === null) {
        return 'null';
      }
      return item instanceof JsonFloat ? pythonNumber(item) : undefined;
    default:
      throw notJson(`a ${typeof item}`);
  }
}

function plainObject(item: unknown): Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(item);
  if (prototype !== Object.prototype && prototype !== null) {
    throw notJson('an instance of a class');
  }
  return item as Record<string, unknown>;
}

function notJson(what: string): CodedError<CanonicalJsonErrorCode> {
  return new CodedError('json_value', `${what} has no JSON form`);
}
