import { storeError } from './errors.ts';
import type { RawValue } from './session.ts';

const REMEDY =
  'store null, finite numbers, texts or bytes; amounts with encodeMsat, truth values as 0 and 1';

/**
 * Checks a statement's parameter: what both databases keep exactly passes, with integers as bigint.
 * Throws `store_value` for everything that one of them would change or refuse.
 */
export function toParameter(value: unknown): RawValue {
  switch (typeof value) {
    case 'number':
      return fromNumber(value);
    case 'string':
      return checkText(value);
    case 'object':
      if (value === null || value instanceof Uint8Array) {
        return value;
      }
      throw refuse('an object');
    case 'bigint':
      throw refuse('a bigint');
    default:
      throw refuse(`a value of type ${typeof value}`);
  }
}

function fromNumber(value: number): bigint | number {
  if (Number.isSafeInteger(value)) {
    return BigInt(value);
  }
  if (!Number.isFinite(value) || Number.isInteger(value)) {
    throw refuse(`the number ${value}`);
  }
  return value;
}

function checkText(value: string): string {
  if (value.includes('\0') || /\p{Surrogate}/u.test(value)) {
    throw refuse('a text with a NUL or half a surrogate pair');
  }
  return value;
}

function refuse(what: string): Error {
  return storeError('store_value', `${what} cannot be stored exactly`, REMEDY);
}

/** An integer that was read, as `number`. Throws `store_value` beyond ±(2^53 - 1). */
export function toSafeNumber(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) {
    throw storeError(
      'store_value',
      `the stored integer ${value} is beyond 2^53 and would be changed by reading it as a number`,
      'declare the column as an msat column, and sum amounts with sumMsat',
    );
  }
  return number;
}
