import type { Rune, RuneAlternative } from './rune.ts';

/** A field that a restriction names, as the call has it. */
export type RuneField =
  | { readonly kind: 'missing' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'integer'; readonly integer: bigint }
  /** Judged elsewhere: `undefined` holds, a text says why not. */
  | { readonly kind: 'judged'; readonly fault: string | undefined };

const I64_MAX = (1n << 63n) - 1n;

function complain(alternative: RuneAlternative, complaint: string, holds: boolean) {
  return holds ? undefined : `${alternative.field} ${complaint} ${alternative.value}`;
}

function compareIntegers(
  alternative: RuneAlternative,
  field: RuneField,
  complaint: string,
  holds: (ours: bigint, theirs: bigint) => boolean,
): string | undefined {
  if (field.kind !== 'integer') {
    return `${alternative.field} is not an integer field`;
  }
  const text = alternative.value.trimStart();
  const value = /^[+-]?\d+$/.test(text) ? BigInt(text.replace('+', '')) : undefined;
  if (value === undefined || value > I64_MAX || value < -I64_MAX - 1n) {
    return `${alternative.value} is not a valid integer`;
  }
  return complain(alternative, complaint, holds(field.integer, value));
}

/** Order of a field against a value, as far as the field reaches: `strncmp`, then length. */
function order(field: string, value: string): number {
  const ours = Buffer.from(field);
  const theirs = Buffer.from(value);
  const compared = Buffer.compare(ours, theirs.subarray(0, ours.length));
  return compared === 0 && theirs.length > ours.length ? -1 : compared;
}

/** Why an alternative does not hold for a field; undefined when it does. */
export function alternativeFault(
  alternative: RuneAlternative,
  field: RuneField,
): string | undefined {
  if (field.kind === 'judged') {
    return field.fault;
  }
  const { condition, value } = alternative;
  if (condition === '#') {
    return undefined;
  }
  if (condition === '!') {
    return field.kind === 'missing' ? undefined : `${alternative.field} is present`;
  }
  if (field.kind === 'missing') {
    return `${alternative.field} not present`;
  }
  const text = field.kind === 'text' ? field.text : field.integer.toString();
  switch (condition) {
    case '=':
      return complain(alternative, 'is not equal to', text === value);
    case '/':
      return complain(alternative, 'is equal to', text !== value);
    case '^':
      return complain(alternative, 'does not start with', text.startsWith(value));
    case '$':
      return complain(alternative, 'does not end with', text.endsWith(value));
    case '~':
      return complain(alternative, 'does not contain', text.includes(value));
    case '<':
      return compareIntegers(alternative, field, 'is greater or equal to', (a, b) => a < b);
    case '>':
      return compareIntegers(alternative, field, 'is less or equal to', (a, b) => a > b);
    case '{':
      return complain(alternative, 'is equal to or ordered after', order(text, value) < 0);
    default:
      return complain(alternative, 'is equal to or ordered before', order(text, value) > 0);
  }
}

/** Why a rune does not permit a call; undefined when it does. `fieldOf` gives the call's fields. */
export function runeFault(
  rune: Rune,
  fieldOf: (alternative: RuneAlternative) => RuneField,
): string | undefined {
  for (const [i, restriction] of rune.restrictions.entries()) {
    if (i === 0 && restriction[0]?.field === '') {
      continue;
    }
    const faults: string[] = [];
    for (const alternative of restriction) {
      const fault = alternativeFault(alternative, fieldOf(alternative));
      if (fault === undefined) {
        faults.length = 0;
        break;
      }
      faults.push(fault);
    }
    if (faults.length > 0) {
      return faults.join(' AND ');
    }
  }
  return undefined;
}

const ENGLISH: Readonly<Record<string, string>> = {
  '=': 'equal to',
  '/': 'unequal to',
  '^': 'starts with',
  $: 'ends with',
  '~': 'contains',
  '<': '<',
  '>': '>',
  '{': 'sorts before',
  '}': 'sorts after',
};

/** An alternative in words, as `showrunes` gives it. */
export function alternativeEnglish({ field, condition, value }: RuneAlternative): string {
  if (condition === '!') {
    return `${field} is missing`;
  }
  return condition === '#'
    ? `comment: ${field} ${value}`
    : `${field} ${ENGLISH[condition] ?? condition} ${value}`;
}
