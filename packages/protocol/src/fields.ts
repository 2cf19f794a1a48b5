import {
  array,
  bigInteger,
  boolean,
  DecodeError,
  type Decoder,
  integer,
  type NodeId,
  nodeIdDecoder,
  oneOf as oneOfDecoder,
  text as textDecoder,
} from '@cl-hive/core';
import { canonicalJson } from './canonical-json.ts';
import { COUNTER_MAX, SAT_MAX, TIMESTAMP_MAX } from './limits.ts';
import { isWireObject, JsonFloat, type WireObject, type WireValue } from './wire-value.ts';

/**
 * How one member of a message is read and written. `decode` throws DecodeError; `encode` gives the
 * value as the original would write it.
 */
export interface Field<T> {
  decode(this: void, input: unknown): T;
  encode(this: void, value: T): WireValue;
}

/** A field that may be absent. `null` is not absent: it is a type of its own. */
export interface OptionalField<T> extends Field<T> {
  readonly optional: true;
}

/** The fields of an object, in the order in which the original writes them. */
export type FieldSet = Readonly<Record<string, Field<unknown>>>;

type OptionalKeys<F extends FieldSet> = {
  [K in keyof F]: F[K] extends { readonly optional: true } ? K : never;
}[keyof F];
type ValueOf<F> = F extends Field<infer T> ? T : never;

/** The typed object that fields describe: optional members may be absent, never undefined. */
export type Struct<F extends FieldSet> = {
  readonly [K in Exclude<keyof F, OptionalKeys<F>>]: ValueOf<F[K]>;
} & { readonly [K in OptionalKeys<F>]?: ValueOf<F[K]> } extends infer O
  ? { [K in keyof O]: O[K] }
  : never;

const same = (value: WireValue): WireValue => value;

function of<T extends WireValue>(decoder: Decoder<T>): Field<T> {
  return { decode: (input) => decoder(unfloat(input, decoder)), encode: same };
}

/** Refuses a float where no float belongs, naming its value. */
function unfloat<T>(input: unknown, decoder: Decoder<T>): unknown {
  if (!(input instanceof JsonFloat)) {
    return input;
  }
  try {
    decoder(Number.NaN);
  } catch (error) {
    throw error instanceof DecodeError ? new DecodeError(error.expected, input.value) : error;
  }
  return input;
}

/** An integer from `min` to `max`; `1.0` is none. */
export const int = (min: number, max: number): Field<number> => of(integer(min, max));

/** A u64, as bigint. */
export const u64: Field<bigint> = {
  decode: of(bigInteger(0n, (1n << 64n) - 1n)).decode,
  encode: (value) => (value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value),
};

/** A number from `min` to `max`; written as a float, as Python does (`1.0`). */
export function float(min: number, max: number): Field<number> {
  const expected = `a number from ${min} to ${max}`;
  return {
    decode: (input) => {
      const value = input instanceof JsonFloat ? input.value : input;
      if (typeof value !== 'number' || !(value >= min && value <= max)) {
        throw new DecodeError(expected, value);
      }
      return value;
    },
    encode: (value) => new JsonFloat(value),
  };
}

/** A text of `min` to `max` UTF-16 units. */
export function text(min: number, max: number): Field<string> {
  const decoder = textDecoder(max);
  return of((input) => {
    const value = decoder(input);
    if (value.length < min) {
      throw new DecodeError(min === 1 ? 'a text' : `a text of at least ${min} characters`, value);
    }
    return value;
  });
}

/** A text that `pattern` matches as a whole; `expected` says what that is. */
export function pattern(expression: RegExp, expected: string): Field<string> {
  return of((input) => {
    if (typeof input !== 'string' || !expression.test(input)) {
      throw new DecodeError(expected, input);
    }
    return input;
  });
}

/**
 * An id that stands inside a signed line, between colons: 1 to `max` characters, none of them a
 * colon or a control character, so that one signature cannot be read as two sets of members.
 */
export function lineId(max: number): Field<string> {
  return pattern(
    new RegExp(`^[^:\\p{Cc}]{1,${max}}$`, 'u'),
    `an id of 1 to ${max} characters without colons`,
  );
}

/** True or false. */
export const flag: Field<boolean> = of(boolean);

/** A node's public key. */
export const node: Field<NodeId> = of(nodeIdDecoder);

/** One of the given texts. */
export const oneOf = <const T extends string>(...values: readonly T[]): Field<T> =>
  of(oneOfDecoder(...values));

/** Seconds since 1970. */
export const timestamp: Field<number> = int(0, TIMESTAMP_MAX);

/** An amount in whole satoshi. */
export const sat: Field<number> = int(0, SAT_MAX);

/** A difference of amounts in whole satoshi. */
export const signedSat: Field<number> = int(-SAT_MAX, SAT_MAX);

/** A counter or a version. */
export const counter: Field<number> = int(0, COUNTER_MAX);

/** A part of a whole, 0 to 1. */
export const ratio: Field<number> = float(0, 1);

/** A SHA-256 hash in lower-case hexadecimal. */
export const hash: Field<string> = pattern(/^[0-9a-f]{64}$/, 'a hash of 64 hexadecimal digits');

/** A hash that may not be known yet: the empty text. */
export const hashOrEmpty: Field<string> = pattern(
  /^(?:[0-9a-f]{64})?$/,
  'a hash of 64 hexadecimal digits, or the empty text',
);

/** An id of the original's making: 1 to 64 lower-case hexadecimal digits. */
export const hexId: Field<string> = pattern(
  /^[0-9a-f]{1,64}$/,
  'an id of 1 to 64 lower-case hexadecimal digits',
);

/** A signature as `signmessage` gives it in `zbase`. */
export const zbaseSignature: Field<string> = pattern(
  /^[ybndrfg8ejkmcpqxot1uwisza345h769]{104}$/,
  'a signature of 104 zbase32 digits',
);

/** A signature as `zbase`, or r and s in hexadecimal, which the original sends in 13 types. */
export const anySignature: Field<string> = pattern(
  /^(?:[ybndrfg8ejkmcpqxot1uwisza345h769]{104}|[0-9a-f]{128})$/,
  'a signature of 104 zbase32 or 128 hexadecimal digits',
);

/** `inner`, or absent. */
export function optional<T>(inner: Field<T>): OptionalField<T> {
  return { decode: inner.decode, encode: inner.encode, optional: true };
}

/** `inner`, or null. */
export function nullable<T>(inner: Field<T>): Field<T | null> {
  return {
    decode: (input) => (input === null ? null : inner.decode(input)),
    encode: (value) => (value === null ? null : inner.encode(value)),
  };
}

/** An array of `min` to `max` times `item`. */
export function list<T>(item: Field<T>, max: number, min = 0): Field<readonly T[]> {
  const decoder = array((entry) => item.decode(entry), max);
  return {
    decode: (input) => {
      const values = decoder(input);
      if (values.length < min) {
        throw new DecodeError(`an array of at least ${min}`, input);
      }
      return values;
    },
    encode: (values) => values.map((value) => item.encode(value)),
  };
}

/** An object with the given fields; other members are left out of the typed value. */
export function struct<F extends FieldSet>(fields: F): Field<Struct<F>> {
  const entries = Object.entries(fields);
  return {
    decode: (input) => {
      if (!isWireObject(input)) {
        throw new DecodeError('an object', input instanceof JsonFloat ? input.value : input);
      }
      const result: Record<string, unknown> = {};
      for (const [key, field] of entries) {
        if (Object.hasOwn(input, key)) {
          result[key] = within(key, () => field.decode(input[key]));
        } else if (!('optional' in field)) {
          within(key, () => field.decode(undefined));
        }
      }
      return result as Struct<F>;
    },
    encode: (value) => {
      const result: Record<string, WireValue> = {};
      for (const [key, field] of entries) {
        const entry = (value as Readonly<Record<string, unknown>>)[key];
        if (entry !== undefined) {
          result[key] = field.encode(entry);
        }
      }
      return result;
    },
  };
}

/** Runs `action`, and notes on a DecodeError that the culprit lies under `key`. */
export function within<T>(key: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw error instanceof DecodeError ? error.under(key) : error;
  }
}

function checkSize(value: WireValue, maxChars: number): void {
  const { length } = canonicalJson(value);
  if (length > maxChars) {
    throw new DecodeError(`JSON of at most ${maxChars} characters`, value);
  }
}

/** Any object of at most `maxChars` characters of compact JSON and `maxMembers` members. */
export function freeObject(maxChars: number, maxMembers = maxChars): Field<WireObject> {
  return {
    decode: (input) => {
      if (!isWireObject(input)) {
        throw new DecodeError('an object', input instanceof JsonFloat ? input.value : input);
      }
      if (Object.keys(input).length > maxMembers) {
        throw new DecodeError(`an object of at most ${maxMembers} members`, input);
      }
      checkSize(input, maxChars);
      return input;
    },
    encode: same,
  };
}

/** An array of `item` of at most `maxChars` characters of compact JSON. */
export function sizedList<T>(item: Field<T>, maxChars: number): Field<readonly T[]> {
  const inner = list(item, maxChars);
  return {
    decode: (input) => {
      const values = inner.decode(input);
      checkSize(input as WireValue, maxChars);
      return values;
    },
    encode: inner.encode,
  };
}

/** What `first` reads, or else what `second` does; a refusal is `second`'s. */
export function either<A, B>(
  first: Field<A>,
  isFirst: (value: A | B) => value is A,
  second: Field<B>,
): Field<A | B> {
  return {
    decode: (input) => {
      try {
        return first.decode(input);
      } catch {
        return second.decode(input);
      }
    },
    encode: (value) => (isFirst(value) ? first.encode(value) : second.encode(value)),
  };
}

/** A message's fields, and what must hold between them. */
export interface Shape<F extends FieldSet> {
  readonly fields: F;
  /** Throws DecodeError where the members contradict each other. */
  check?(payload: Struct<F>): void;
}

/** Declares a message. */
export function shape<F extends FieldSet>(
  fields: F,
  check?: (payload: Struct<F>) => void,
): Shape<F> {
  return check === undefined ? { fields } : { fields, check };
}

/** Throws DecodeError for the member `key` unless `holds`. */
export function mustHold(holds: boolean, key: string, expected: string, found: unknown): void {
  if (!holds) {
    throw new DecodeError(expected, found).under(key);
  }
}
