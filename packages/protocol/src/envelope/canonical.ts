import { compareCodeUnits, type JsonValue } from '@cl-hive/core';
import { envelopeError } from './error.ts';
import { ENVELOPE_DEPTH_MAX } from './limits.ts';
import { isWellFormed } from './well-formed.ts';

/**
 * The one text of a value: RFC 8785 (sorted by UTF-16 unit, no space, shortest escapes), restricted
 * to safe integers. Throws CodedError `envelope_number`, `envelope_not_utf8` or `envelope_depth`.
 */
export function canonicalText(value: JsonValue, depth = 0): string {
  if (depth > ENVELOPE_DEPTH_MAX) {
    throw envelopeError('envelope_depth', `nested deeper than ${ENVELOPE_DEPTH_MAX}`);
  }
  if (value === null || typeof value === 'boolean') {
    return String(value);
  }
  if (typeof value === 'string') {
    if (!isWellFormed(value)) {
      throw envelopeError('envelope_not_utf8', 'a text holds a lone surrogate');
    }
    return JSON.stringify(value);
  }
  if (typeof value !== 'object') {
    if (typeof value === 'bigint' || !Number.isSafeInteger(value)) {
      throw envelopeError('envelope_number', `${value} is no integer within ±(2^53 - 1)`);
    }
    return String(value === 0 ? 0 : value);
  }
  if (Array.isArray(value)) {
    return `[${value.map((item) => canonicalText(item, depth + 1)).join(',')}]`;
  }
  const members = Object.entries(value).sort(([a], [b]) => compareCodeUnits(a, b));
  return `{${members
    .map(([key, member]) => `${canonicalText(key)}:${canonicalText(member, depth + 1)}`)
    .join(',')}}`;
}
