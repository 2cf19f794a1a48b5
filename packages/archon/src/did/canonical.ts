import { CodedError, isJsonObject } from '@cl-hive/core';
import { DOCUMENT_DEPTH_MAX } from '../limits.ts';

/** Why a value has no canonical form. */
export type CanonicalErrorCode = 'canonical_value' | 'canonical_depth';

/**
 * RFC 8785 (JSON Canonicalization Scheme) of a value that JSON can carry without loss in a double,
 * as Archon signs it: members sorted by UTF-16 unit, members that are undefined left out. Throws
 * CodedError `canonical_value` for bigint, NaN, infinities and what is no JSON, `canonical_depth`
 * beyond {@link DOCUMENT_DEPTH_MAX} levels.
 */
export function canonicalDocument(value: unknown): string {
  return write(value, 0);
}

function write(value: unknown, depth: number): string {
  if (depth > DOCUMENT_DEPTH_MAX) {
    throw new CodedError<CanonicalErrorCode>(
      'canonical_depth',
      `a document is nested deeper than ${DOCUMENT_DEPTH_MAX}`,
    );
  }
  if (Array.isArray(value)) {
    return `[${value.map((item) => write(item ?? null, depth + 1)).join(',')}]`;
  }
  if (isJsonObject(value)) {
    const members = Object.keys(value)
      .filter((key) => value[key] !== undefined)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${write(value[key], depth + 1)}`);
    return `{${members.join(',')}}`;
  }
  return scalar(value);
}

function scalar(value: unknown): string {
  if (
    value === null ||
    typeof value === 'boolean' ||
    typeof value === 'string' ||
    (typeof value === 'number' && Number.isFinite(value))
  ) {
    return JSON.stringify(value);
  }
  throw new CodedError<CanonicalErrorCode>(
    'canonical_value',
    `a ${typeof value} has no place in a signed document`,
  );
}
