import { DecodeError, type Decoder } from '@cl-hive/core';
import { refuse } from '../errors.ts';

/** Whether a value must be given, may be absent, or is filled in. */
export type Presence = 'required' | 'optional' | 'defaulted';

interface Facts<T> {
  readonly fallback?: T;
  readonly secret?: boolean;
  readonly deprecated?: boolean;
  readonly description?: string;
}

/**
 * One declared parameter of a method: how it is read, whether it must be there, what it is for.
 * Immutable; each refinement gives a new one.
 */
export class Param<T, P extends Presence = 'required'> {
  readonly decode: Decoder<T>;
  readonly presence: P;
  readonly #facts: Facts<T>;

  constructor(decode: Decoder<T>, presence: P, facts: Facts<T> = {}) {
    this.decode = decode;
    this.presence = presence;
    this.#facts = facts;
  }

  /** May be absent, or null, which RPC callers use for the same. */
  optional(): Param<T, 'optional'> {
    return new Param(this.decode, 'optional', this.#facts);
  }

  /** Takes `value` when absent. It must be one that the parameter itself accepts. */
  default(value: T): Param<T, 'defaulted'> {
    try {
      this.decode(value);
    } catch {
      refuse(
        'definition_param',
        `the default ${this.secret ? '' : `${String(value)} `}is not a value that the parameter accepts`,
        'give a default of the declared type and range',
      );
    }
    return new Param(this.decode, 'defaulted', { ...this.#facts, fallback: value });
  }

  /** Its value never shows in an error or a log line. */
  asSecret(): Param<T, P> {
    return new Param(this.decode, this.presence, { ...this.#facts, secret: true });
  }

  /** Refused where deprecated interfaces are switched off. */
  asDeprecated(): Param<T, P> {
    return new Param(this.decode, this.presence, { ...this.#facts, deprecated: true });
  }

  /** A sentence for people. */
  describe(description: string): Param<T, P> {
    return new Param(this.decode, this.presence, { ...this.#facts, description });
  }

  get fallback(): T | undefined {
    return this.#facts.fallback;
  }

  get secret(): boolean {
    return this.#facts.secret === true;
  }

  get deprecated(): boolean {
    return this.#facts.deprecated === true;
  }

  get description(): string {
    return this.#facts.description ?? '';
  }
}

/** The parameters of a method by name; their order is the order of positional arguments. */
export type Params = Readonly<Record<string, Param<unknown, Presence>>>;

type OptionalNames<S extends Params> = {
  [K in keyof S]: S[K] extends Param<unknown, 'optional'> ? K : never;
}[keyof S];
type ValueOf<D> = D extends { readonly decode: (input: unknown) => infer T } ? T : never;

/** What a handler gets: optional parameters may be absent, never undefined. */
export type ParamValues<S extends Params> = {
  readonly [K in Exclude<keyof S, OptionalNames<S>>]: ValueOf<S[K]>;
} & { readonly [K in OptionalNames<S>]?: ValueOf<S[K]> } extends infer O
  ? { readonly [K in keyof O]: O[K] }
  : never;

/** Reads a whole number that may come as a text, as lightning-cli and lightningd's own parsers allow. */
export function wholeNumber(input: unknown): bigint | undefined {
  if (typeof input === 'bigint') {
    return input;
  }
  if (typeof input === 'number') {
    return Number.isSafeInteger(input) ? BigInt(input) : undefined;
  }
  return typeof input === 'string' && /^-?\d{1,20}$/.test(input) ? BigInt(input) : undefined;
}

/** The text of a scalar: lightning-cli sends digits and `true` bare, also for text parameters. */
export function looseText(input: unknown): string | undefined {
  switch (typeof input) {
    case 'string':
      return input;
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(input);
    default:
      return undefined;
  }
}

/** Fails with what was wanted. */
export function expected(what: string, found: unknown): never {
  throw new DecodeError(what, found);
}
