import {
  type Decoded,
  type DecodedObject,
  DecodeError,
  type Decoder,
  isJsonObject,
  type OptionalDecoder,
  object,
  text,
} from '@cl-hive/core';
import { LIST_MAX, TEXT_MAX } from './limits.ts';

type Fields = Readonly<Record<string, Decoder<unknown> | OptionalDecoder<unknown>>>;

/** As {@link object}, but a member that is not listed is an error: what people write is not guessed at. */
export function strict<F extends Fields>(fields: F): Decoder<DecodedObject<F>> {
  const decode = object(fields);
  return (input) => {
    const unknown = isJsonObject(input)
      ? Object.keys(input).find((key) => !Object.hasOwn(fields, key))
      : undefined;
    if (unknown !== undefined) {
      throw new DecodeError(
        `no such key (known: ${Object.keys(fields).join(', ')})`,
        unknown,
      ).under(unknown);
    }
    return decode(input);
  };
}

/** A text of evidence, bounded. */
export const line: Decoder<string> = text(TEXT_MAX);

/** A text that says something: names, reasons. */
export const words: Decoder<string> = (input) => {
  const value = line(input);
  if (value.trim() === '') {
    throw new DecodeError('a text that says something', input);
  }
  return value;
};

const DATE = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z)?$/;

/** A day (`2026-11-21`, its start in UTC) or a moment (`2026-11-21T09:00:00Z`), as Unix milliseconds. */
export const moment: Decoder<number> = (input) => {
  const value = typeof input === 'string' && DATE.test(input) ? Date.parse(input) : Number.NaN;
  if (!Number.isSafeInteger(value)) {
    throw new DecodeError('a day (2026-11-21) or a moment in UTC (2026-11-21T09:00:00Z)', input);
  }
  return value;
};

/** A git commit. */
export const commitId: Decoder<string> = (input) => {
  if (typeof input !== 'string' || !/^[0-9a-f]{40}$/.test(input)) {
    throw new DecodeError('a git commit (40 hexadecimal digits)', input);
  }
  return input;
};

/** A list of evidence, bounded. */
export function list<D extends Decoder<unknown>>(item: D): Decoder<readonly Decoded<D>[]> {
  return (input) => {
    if (!Array.isArray(input) || input.length > LIST_MAX) {
      throw new DecodeError(`a list of at most ${LIST_MAX}`, input);
    }
    return input.map((entry, index) => {
      try {
        return item(entry) as Decoded<D>;
      } catch (error) {
        throw error instanceof DecodeError ? error.under(index) : error;
      }
    });
  };
}
