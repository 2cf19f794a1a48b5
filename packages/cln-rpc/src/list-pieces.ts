import {
  isCodedError,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJson,
} from '@cl-hive/core';
import type { Frame } from './framer.ts';
import { LIST_PIECE_CHARS, LIST_PIECE_TRIES } from './limits.ts';

/** A long list of a result that is wanted piece by piece, so that it is never held as a whole. */
export interface ListPieces {
  /** The member of the result that is the list. */
  readonly member: string;
  /** Given the entries in their order, before the call resolves; what it throws fails the call. */
  readonly take: (entries: readonly JsonValue[]) => void;
}

/** A reply whose list was left out, and where in its text the list stands. */
export interface OpenedList {
  /** The reply with the list empty. */
  readonly reply: JsonObject;
  readonly member: string;
  readonly text: string;
  /** Just behind the opening bracket. */
  readonly start: number;
  /** The last closing bracket of the text: that of the list where no other one follows it. */
  readonly end: number;
}

/**
 * Opens a long reply whose result begins with the list `member`. Undefined where it is short, of
 * another form, or holds a number that needs more than a double: then it is parsed as a whole.
 */
export function openList({ text, exact }: Frame, member: string): OpenedList | undefined {
  if (!exact || text.length <= LIST_PIECE_CHARS) {
    return undefined;
  }
  const start = text.indexOf('[') + 1;
  const end = text.lastIndexOf(']');
  const head = text.slice(0, start);
  const wanted = new RegExp(`^\\{[^{}]*"result"\\s*:\\s*\\{\\s*"${member}"\\s*:\\s*\\[$`);
  if (end < start || !wanted.test(head)) {
    return undefined;
  }
  const reply = parsed(head + text.slice(end));
  return isJsonObject(reply) ? { reply, member, text, start, end } : undefined;
}

/**
 * Hands over the entries of an opened list, about `chars` text units at a time, and returns the reply
 * without them. What is parsed of the list is dropped while it is young, which costs little more than
 * half of parsing it as a whole.
 *
 * A cut between two entries is right where what stands before it parses as a list of entries: inside
 * a text or an entry it does not. Where nothing fits, the rest comes at once from the whole reply.
 * Throws CodedError `json_syntax`.
 */
export function takePieces(
  opened: OpenedList,
  take: ListPieces['take'],
  chars = LIST_PIECE_CHARS,
): JsonObject {
  const { reply, text, start, end } = opened;
  let taken = 0;
  for (let at = start; at <= end; ) {
    const { cut, entries } = nextPiece(text, at, end, chars);
    const last = cut === end;
    // Behind a comma there is an entry.
    if (entries === undefined || (entries.length === 0 && !(last && at === start))) {
      return takeRest(opened, take, taken);
    }
    taken += entries.length;
    take(entries);
    at = cut + 1;
  }
  return reply;
}

interface Piece {
  readonly cut: number;
  /** Undefined where no cut that was tried is right. */
  readonly entries: readonly JsonValue[] | undefined;
}

function nextPiece(text: string, at: number, end: number, chars: number): Piece {
  let cut = at;
  for (let tries = 0; tries < LIST_PIECE_TRIES && cut < end; tries += 1) {
    const brace = text.indexOf('},', cut + chars);
    cut = brace === -1 || brace >= end ? end : brace + 1;
    const entries = parsed(`[${text.slice(at, cut)}]`);
    if (entries !== undefined) {
      return { cut, entries: entries as readonly JsonValue[] };
    }
  }
  return at === end ? { cut: end, entries: [] } : { cut: end, entries: undefined };
}

function takeRest(
  { text, member }: OpenedList,
  take: ListPieces['take'],
  taken: number,
): JsonObject {
  const whole = parseJson(text, true) as JsonObject;
  const result = whole['result'] as JsonObject;
  take((result[member] as readonly JsonValue[]).slice(taken));
  return { ...whole, result: { ...result, [member]: [] } };
}

function parsed(text: string): JsonValue | undefined {
  try {
    return parseJson(text, true);
  } catch (error) {
    if (isCodedError(error, 'json_syntax')) {
      return undefined;
    }
    throw error;
  }
}
