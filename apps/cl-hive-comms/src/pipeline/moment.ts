import { DecodeError, type Decoder, type UnixMs } from '@cl-hive/core';

/** A moment as people name it: a time, or a while from now. */
export type Moment =
  | { readonly kind: 'at'; readonly seconds: number }
  | { readonly kind: 'in'; readonly ms: number };

const UNIT_MS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/** Unix seconds, or a number with m, h, d or w: from now. */
export const moment: Decoder<Moment> = (input) => {
  const text = typeof input === 'number' ? String(input) : input;
  const match = typeof text === 'string' ? /^(\d{1,10})([mhdw]?)$/.exec(text) : null;
  if (match === null) {
    throw new DecodeError('Unix seconds, or a while such as 90m, 12h, 30d, 4w', input);
  }
  const [, digits, unit = ''] = match;
  const count = Number(digits);
  const unitMs = UNIT_MS[unit];
  return unitMs === undefined ? { kind: 'at', seconds: count } : { kind: 'in', ms: count * unitMs };
};

/** The moment in Unix milliseconds. */
export function momentAt(when: Moment, now: UnixMs): UnixMs {
  return (when.kind === 'at' ? when.seconds * 1000 : now + when.ms) as UnixMs;
}

/** The length of a while in ms; undefined for a time. */
export function whileMs(when: Moment): number | undefined {
  return when.kind === 'in' ? when.ms : undefined;
}
