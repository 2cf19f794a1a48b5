import { CodedError } from './errors.ts';
import { isHex } from './hex.ts';
import { isNodeId, isShortChannelId, type NodeId, type ShortChannelId } from './ids.ts';
import type { JsonObject, JsonValue } from './json.ts';
import { type Msat, parseMsat } from './units.ts';

/**
 * A value from outside that has not the shape it must have. `path` leads from the decoded root to
 * the culprit (`channels.3.fee`), `expected` says what was wanted there.
 */
export class DecodeError extends CodedError<'decode'> {
  readonly expected: string;
  readonly #path: string[] = [];

  constructor(expected: string, found?: unknown) {
    super('decode', expected, { data: { found: kindOf(found) } });
    this.name = 'DecodeError';
    this.expected = expected;
    this.message = this.#describe();
  }

  #describe(): string {
    const where = this.path === '' ? 'the value' : this.path;
    return `${where}: expected ${this.expected}, found ${String(this.data['found'])}`;
  }

  /** Members and indices from the root, joined with dots; empty for the root itself. */
  get path(): string {
    return this.#path.join('.');
  }

  /** Notes that the culprit lies under `key`; called by each level on the way out. */
  under(key: string | number): this {
    this.#path.unshift(String(key));
    this.message = this.#describe();
    return this;
  }
}

function kindOf(value: unknown): string {
  if (value === null) {
    return 'null';
  }
  if (Array.isArray(value)) {
    return 'an array';
  }
  switch (typeof value) {
    case 'undefined':
      return 'nothing';
    case 'object':
      return 'an object';
    case 'string':
      return value.length > 40 ? `a text of ${value.length} characters` : JSON.stringify(value);
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      return `a ${typeof value}`;
  }
}

/** Turns an unknown value into a `T` or throws {@link DecodeError}. */
export type Decoder<T> = (input: unknown) => T;

/** A decoder of a member that may be absent; `null` counts as absent. */
export interface OptionalDecoder<T> {
  (input: unknown): T | undefined;
  readonly optional: true;
}

/** What a decoder yields. */
export type Decoded<D> = D extends (input: unknown) => infer T ? T : never;

type Fields = Readonly<Record<string, Decoder<unknown> | OptionalDecoder<unknown>>>;
type OptionalKeys<F extends Fields> = {
  [K in keyof F]: F[K] extends { readonly optional: true } ? K : never;
}[keyof F];

/** The object that `object(fields)` yields: optional members may be absent, never undefined. */
export type DecodedObject<F extends Fields> = {
  readonly [K in Exclude<keyof F, OptionalKeys<F>>]: Decoded<F[K]>;
} & {
  readonly [K in OptionalKeys<F>]?: Exclude<Decoded<F[K]>, undefined>;
} extends infer O
  ? { [K in keyof O]: O[K] }
  : never;

/** Any text of at most `max` UTF-16 units. */
export function text(max = Number.POSITIVE_INFINITY): Decoder<string> {
  return (input) => {
    if (typeof input !== 'string') {
      throw new DecodeError('a text', input);
    }
    if (input.length > max) {
      throw new DecodeError(`a text of at most ${max} characters`, input);
    }
    return input;
  };
}

/** `true` or `false`. */
export const boolean: Decoder<boolean> = (input) => {
  if (typeof input !== 'boolean') {
    throw new DecodeError('true or false', input);
  }
  return input;
};

/** An integer from `min` to `max`, both safe integers. */
export function integer(
  min = Number.MIN_SAFE_INTEGER,
  max = Number.MAX_SAFE_INTEGER,
): Decoder<number> {
  return (input) => {
    if (typeof input !== 'number' || !Number.isSafeInteger(input) || input < min || input > max) {
      throw new DecodeError(`an integer from ${min} to ${max}`, input);
    }
    return input;
  };
}

/** Any finite number. */
export const number: Decoder<number> = (input) => {
  if (typeof input !== 'number' || !Number.isFinite(input)) {
    throw new DecodeError('a number', input);
  }
  return input;
};

/** An integer from `min` to `max`, as bigint. */
export function bigInteger(min: bigint, max: bigint): Decoder<bigint> {
  return (input) => {
    const value = typeof input === 'number' && Number.isSafeInteger(input) ? BigInt(input) : input;
    if (typeof value !== 'bigint' || value < min || value > max) {
      throw new DecodeError(`an integer from ${min} to ${max}`, input);
    }
    return value;
  };
}

/** An unsigned 64-bit integer, as bigint. */
export const u64: Decoder<bigint> = bigInteger(0n, (1n << 64n) - 1n);

/** An amount: an integer in msat, or a text that {@link parseMsat} reads. */
export const amountMsat: Decoder<Msat> = (input) => {
  const amount = parseMsat(input);
  if (amount === undefined) {
    throw new DecodeError('an amount in msat ("1000msat", "1sat" or an integer)', input);
  }
  return amount;
};

/** Hexadecimal text; of exactly `bytes` bytes where given. */
export function hex(bytes?: number): Decoder<string> {
  return (input) => {
    if (
      typeof input !== 'string' ||
      !isHex(input) ||
      (bytes !== undefined && input.length !== bytes * 2)
    ) {
      throw new DecodeError(
        bytes === undefined ? 'hexadecimal' : `${bytes} bytes in hexadecimal`,
        input,
      );
    }
    return input;
  };
}

/** A node's public key. */
export const nodeIdDecoder: Decoder<NodeId> = (input) => {
  if (!isNodeId(input)) {
    throw new DecodeError('a node id (66 hexadecimal digits)', input);
  }
  return input;
};

/** A short channel id. */
export const scidDecoder: Decoder<ShortChannelId> = (input) => {
  if (!isShortChannelId(input)) {
    throw new DecodeError('a short channel id (BLOCKxTXxOUT)', input);
  }
  return input;
};

/** One of the given texts. */
export function oneOf<const T extends string>(...values: readonly T[]): Decoder<T> {
  return (input) => {
    if (typeof input !== 'string' || !(values as readonly string[]).includes(input)) {
      throw new DecodeError(`one of ${values.join(', ')}`, input);
    }
    return input as T;
  };
}

/** An array of `item`, at most `max` long. */
export function array<T>(item: Decoder<T>, max = Number.POSITIVE_INFINITY): Decoder<readonly T[]> {
  return (input) => {
    if (!Array.isArray(input)) {
      throw new DecodeError('an array', input);
    }
    if (input.length > max) {
      throw new DecodeError(`an array of at most ${max}`, input);
    }
    const result: T[] = [];
    let index = 0;
    try {
      for (; index < input.length; index += 1) {
        result.push(item(input[index]));
      }
    } catch (error) {
      throw error instanceof DecodeError ? error.under(index) : error;
    }
    return result;
  };
}

/** A member that may be absent or null. */
export function optional<T>(inner: Decoder<T>): OptionalDecoder<T> {
  const decode = (input: unknown): T | undefined =>
    input === undefined || input === null ? undefined : inner(input);
  return Object.assign(decode, { optional: true as const });
}

/** Whether `input` is a JSON object: not null, not an array. */
export function isJsonObject(input: unknown): input is JsonObject {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}

/** An object with the given members; members that are not listed are left out of the result. */
export function object<F extends Fields>(fields: F): Decoder<DecodedObject<F>> {
  const entries = Object.entries(fields);
  return (input) => {
    if (!isJsonObject(input)) {
      throw new DecodeError('an object', input);
    }
    const result: Record<string, unknown> = {};
    let at = '';
    try {
      for (const [key, decode] of entries) {
        at = key;
        const value = decode(Object.hasOwn(input, key) ? input[key] : undefined);
        if (value !== undefined) {
          result[key] = value;
        }
      }
    } catch (error) {
      throw error instanceof DecodeError ? error.under(at) : error;
    }
    return result as DecodedObject<F>;
  };
}

/** An object used as a map: every member is a `value`, at most `max` members. */
export function record<T>(
  value: Decoder<T>,
  max = Number.POSITIVE_INFINITY,
): Decoder<ReadonlyMap<string, T>> {
  return (input) => {
    if (!isJsonObject(input)) {
      throw new DecodeError('an object', input);
    }
    const entries = Object.entries(input);
    if (entries.length > max) {
      throw new DecodeError(`an object of at most ${max} members`, input);
    }
    const result = new Map<string, T>();
    for (const [key, member] of entries) {
      try {
        result.set(key, value(member));
      } catch (error) {
        throw error instanceof DecodeError ? error.under(key) : error;
      }
    }
    return result;
  };
}

/** Any JSON value, unchecked: for members that are passed on. */
export const anyJson: Decoder<JsonValue> = (input) => {
  if (input === undefined) {
    throw new DecodeError('a value', input);
  }
  return input as JsonValue;
};
