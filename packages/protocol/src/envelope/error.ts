import { CodedError } from '@cl-hive/core';

/** Why bytes are no envelope. */
export type EnvelopeErrorCode =
  | 'envelope_too_large'
  | 'envelope_not_utf8'
  | 'envelope_syntax'
  | 'envelope_depth'
  | 'envelope_duplicate_key'
  | 'envelope_number'
  | 'envelope_shape'
  | 'envelope_version';

const REMEDIES: Readonly<Record<EnvelopeErrorCode, string>> = {
  envelope_too_large: 'send at most 65,535 bytes, padding included',
  envelope_not_utf8: 'send UTF-8 without lone surrogates',
  envelope_syntax: 'send one JSON object',
  envelope_depth: 'nest at most 8 deep',
  envelope_duplicate_key: 'name each member once',
  envelope_number: 'write numbers as plain integers within ±(2^53 - 1)',
  envelope_shape: 'send the members that the envelope has, each of its type',
  envelope_version: 'send version 1',
};

/** An error about an envelope, with its remedy. */
export function envelopeError(
  code: EnvelopeErrorCode,
  message: string,
): CodedError<EnvelopeErrorCode> {
  return new CodedError<EnvelopeErrorCode>(code, message, { remedy: REMEDIES[code] });
}
