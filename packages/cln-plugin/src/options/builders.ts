import { DecodeError, type Decoder } from '@cl-hive/core';
import { expected, wholeNumber } from '../params/param.ts';
import type { Deprecation, Option, OptionType } from './option.ts';

/** What every option may say. */
export interface OptionSettings<T> {
  /** Shown by `lightningd --help`; must not be empty. */
  readonly description: string;
  /** Lets `setconfig` change it while the node runs. */
  readonly dynamic?: boolean;
  readonly deprecated?: Deprecation;
  /** Why a well-typed value is refused; undefined accepts it. */
  readonly validate?: (value: T) => string | undefined;
  /** Told of a new value before it is taken over; a throw refuses it and the old one stays. */
  readonly onChange?: (value: T) => void | Promise<void>;
}

/** Settings of an option that may be given more than once. */
export interface MultiSettings<T> extends OptionSettings<readonly T[]> {
  /**
   * Lets `setconfig` empty the list. Off by default: a positional array arrives as an empty one
   * (lightningd v26.06) and would wipe the option.
   */
  readonly mayBeEmptied?: boolean;
}

/** Bounds of a whole number. */
export interface Range<T> {
  readonly min?: T;
  readonly max?: T;
}

type Filled<T, D> = D extends undefined ? T | undefined : T;

const I64_MIN = -(1n << 63n);
const I64_MAX = (1n << 63n) - 1n;

const readText: Decoder<string> = (input) =>
  typeof input === 'string' ? input : expected('a text', input);

const readBool: Decoder<boolean> = (input) => {
  const word = typeof input === 'string' ? input.toLowerCase() : input;
  if (word === true || word === 'true' || word === 'yes' || word === '1' || word === 'on') {
    return true;
  }
  return word === false || word === 'false' || word === 'no' || word === '0' || word === 'off'
    ? false
    : expected('true or false', input);
};

function readInt64(range: Range<bigint>): Decoder<bigint> {
  const { min = I64_MIN, max = I64_MAX } = range;
  return (input) => {
    const value = wholeNumber(input);
    return value === undefined || value < min || value > max
      ? expected(`an integer from ${min} to ${max}`, input)
      : value;
  };
}

function readInt(range: Range<number>): Decoder<number> {
  const read = readInt64({
    min: BigInt(range.min ?? Number.MIN_SAFE_INTEGER),
    max: BigInt(range.max ?? Number.MAX_SAFE_INTEGER),
  });
  return (input) => Number(read(input));
}

function readMany<T>(item: Decoder<T>): Decoder<readonly T[]> {
  return (input) => {
    const list: readonly unknown[] = Array.isArray(input) ? input : [input];
    return list.map((value, index) => {
      try {
        return item(value);
      } catch (error) {
        throw error instanceof DecodeError ? error.under(index) : error;
      }
    });
  };
}

function single<T, const D extends T | undefined>(
  type: OptionType,
  read: Decoder<T>,
  settings: OptionSettings<T> & { readonly default?: D },
): Option<Filled<T, D>> {
  const fallback = settings.default;
  return {
    // A check is only asked about values that were read, never about an unset one.
    ...(common(type, settings) as Common<Filled<T, D>>),
    fallback: fallback as string | number | bigint | boolean | undefined,
    multi: false,
    mayBeEmptied: false,
    unset: fallback as Filled<T, D>,
    read,
  };
}

type Common<T> = Pick<
  Option<T>,
  'type' | 'description' | 'dynamic' | 'deprecated' | 'validate' | 'onChange'
>;

function common<T>(type: OptionType, settings: OptionSettings<T>): Common<T> {
  return {
    type,
    description: settings.description,
    dynamic: settings.dynamic ?? false,
    deprecated: settings.deprecated,
    validate: settings.validate ?? (() => undefined),
    onChange: settings.onChange,
  };
}

function many<T>(
  type: OptionType,
  item: Decoder<T>,
  settings: MultiSettings<T>,
): Option<readonly T[]> {
  return {
    ...common(type, settings),
    fallback: undefined,
    multi: true,
    mayBeEmptied: settings.mayBeEmptied ?? false,
    unset: [],
    read: readMany(item),
  };
}

/** Declares options. Without a default the value is undefined, of a list `[]`, of a flag `false`. */
export const option = {
  string: <const D extends string | undefined = undefined>(
    settings: OptionSettings<string> & { readonly default?: D },
  ): Option<Filled<string, D>> => single('string', readText, settings),
  /** A string that `listconfigs` prints as `...`, and that no error or log line shows. */
  secret: <const D extends string | undefined = undefined>(
    settings: OptionSettings<string> & { readonly default?: D },
  ): Option<Filled<string, D>> => single('string-conceal', readText, settings),
  /** One of the given texts. */
  oneOf: <const T extends string, const D extends T | undefined = undefined>(
    values: readonly T[],
    settings: OptionSettings<T> & { readonly default?: D },
  ): Option<Filled<T, D>> =>
    single(
      'string',
      (input) =>
        values.find((value) => value === input) ?? expected(`one of ${values.join(', ')}`, input),
      settings,
    ),
  /** An integer that a double holds; others are refused, never rounded. */
  int: <const D extends number | undefined = undefined>(
    settings: OptionSettings<number> & Range<number> & { readonly default?: D },
  ): Option<Filled<number, D>> => single('int', readInt(settings), settings),
  /** Any 64-bit integer, as bigint. */
  int64: <const D extends bigint | undefined = undefined>(
    settings: OptionSettings<bigint> & Range<bigint> & { readonly default?: D },
  ): Option<Filled<bigint, D>> => single('int', readInt64(settings), settings),
  bool: <const D extends boolean | undefined = undefined>(
    settings: OptionSettings<boolean> & { readonly default?: D },
  ): Option<Filled<boolean, D>> => single('bool', readBool, settings),
  /** On when given; can be switched on, never off, by `setconfig`. */
  flag: (settings: OptionSettings<boolean>): Option<boolean> => ({
    ...common('flag', settings),
    fallback: undefined,
    multi: false,
    mayBeEmptied: false,
    unset: false,
    read: (input) => (input === undefined || input === null ? true : readBool(input)),
  }),
  /** A string that may be given more than once. */
  strings: (settings: MultiSettings<string>): Option<readonly string[]> =>
    many('string', readText, settings),
  /** An integer that may be given more than once. */
  ints: (settings: MultiSettings<number> & Range<number>): Option<readonly number[]> =>
    many('int', readInt(settings), settings),
} as const;
