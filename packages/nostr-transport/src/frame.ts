import { CodedError, type JsonValue, parseJson } from '@cl-hive/core';
import { NOSTR_LIMITS } from './limits.ts';

/** A message of a relay (NIP-01, NIP-42). The event of `event` is not looked at yet. */
export type Frame =
  | { readonly type: 'event'; readonly subscription: string; readonly event: JsonValue }
  | {
      readonly type: 'ok';
      readonly id: string;
      readonly accepted: boolean;
      readonly reason: string;
    }
  | { readonly type: 'eose'; readonly subscription: string }
  | { readonly type: 'closed'; readonly subscription: string; readonly reason: string }
  | { readonly type: 'notice'; readonly text: string }
  | { readonly type: 'auth'; readonly challenge: string }
  | { readonly type: 'bad'; readonly why: BadFrame };

/** Why a frame is of no use. */
export type BadFrame = 'binary' | 'too_long' | 'not_json' | 'not_a_message';

/** Reads one frame; bytes are what the socket did not read as text. Frames beyond the bound are not parsed at all. */
export function parseFrame(data: string | Uint8Array): Frame {
  if (typeof data !== 'string') {
    return { type: 'bad', why: data.length > NOSTR_LIMITS.frameChars ? 'too_long' : 'binary' };
  }
  if (data.length > NOSTR_LIMITS.frameChars) {
    return { type: 'bad', why: 'too_long' };
  }
  let value: JsonValue;
  try {
    value = parseJson(data);
  } catch (error) {
    if (error instanceof CodedError) {
      return { type: 'bad', why: 'not_json' };
    }
    throw error;
  }
  return (Array.isArray(value) ? known(value) : undefined) ?? { type: 'bad', why: 'not_a_message' };
}

function known(message: readonly JsonValue[]): Frame | undefined {
  const [name, first, second, third] = message;
  if (typeof name !== 'string' || typeof first !== 'string') {
    return undefined;
  }
  switch (name) {
    case 'EVENT':
      return second === undefined
        ? undefined
        : { type: 'event', subscription: first, event: second };
    case 'OK':
      return typeof second === 'boolean'
        ? { type: 'ok', id: first, accepted: second, reason: shortened(third) }
        : undefined;
    case 'EOSE':
      return { type: 'eose', subscription: first };
    case 'CLOSED':
      return { type: 'closed', subscription: first, reason: shortened(second) };
    case 'NOTICE':
      return { type: 'notice', text: shortened(first) };
    case 'AUTH':
      return first.length <= NOSTR_LIMITS.challengeChars
        ? { type: 'auth', challenge: first }
        : undefined;
    default:
      return undefined;
  }
}

/** A relay's words for logs and status: bounded, on one line, without control characters. */
export function shortened(reason: unknown): string {
  return typeof reason === 'string'
    ? reason.slice(0, NOSTR_LIMITS.reasonChars).replace(/\p{Cc}/gu, ' ')
    : '';
}
