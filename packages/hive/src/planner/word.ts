import { boolean, type Decoder, integer, object } from '@cl-hive/core';
import { WORD_AGE_MAX_MS, WORD_SAT_MAX } from '../limits.ts';
import type { PlannerWord } from './facts.ts';

const age = integer(0);
const nullableAge: Decoder<number | null> = (input) => (input === null ? null : age(input));

const decode = object({
  onchain_sat: integer(0, WORD_SAT_MAX),
  budget_sat: integer(0, WORD_SAT_MAX),
  can_open: boolean,
  since_opening_ms: nullableAge,
});

/** A word as members of this software tell it each other. */
export function encodeWord(word: PlannerWord) {
  return {
    onchain_sat: word.onchainSat,
    budget_sat: word.budgetSat,
    can_open: word.canOpen,
    since_opening_ms: word.sinceOpeningMs,
  };
}

/** Reads a member's word. Throws DecodeError. */
export function decodeWord(input: unknown): PlannerWord {
  const raw = decode(input);
  return {
    onchainSat: raw.onchain_sat,
    budgetSat: raw.budget_sat,
    canOpen: raw.can_open,
    sinceOpeningMs: raw.since_opening_ms,
  };
}

/** A word that still counts at `now` (guard time, ms), heard at `at`; undefined where it is too old. */
export function presentWord(
  heard: { readonly word: PlannerWord; readonly at: number } | undefined,
  now: number,
): PlannerWord | undefined {
  if (heard === undefined || now - heard.at > WORD_AGE_MAX_MS) {
    return undefined;
  }
  const { word, at } = heard;
  return word.sinceOpeningMs === null
    ? word
    : { ...word, sinceOpeningMs: word.sinceOpeningMs + Math.max(0, now - at) };
}
