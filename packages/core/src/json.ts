import { CodedError } from './errors.ts';

/** Any JSON value, with integers beyond 2^53 as `bigint`. */
export type JsonValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** A JSON object. */
export type JsonObject = { readonly [key: string]: JsonValue };

/** Why a text was refused as JSON. */
export type JsonErrorCode = 'json_syntax' | 'json_depth' | 'json_number';

/** Nesting that {@link parseJson} and {@link stringifyJson} go through; lightningd itself stays below 20. */
export const JSON_DEPTH_MAX = 128;

/**
 * Whether a text may hold a number that `JSON.parse` would change: an integer of 16 digits or more,
 * or an exponent of three. It may say yes for digits inside a string, never no for such a number.
 */
const INEXACT = /(?:^|[:,[\s])-?(?:\d{16,}|\d[\d.]*[eE]\+?\d{3,})/;

/**
 * Parses JSON without loss: integers outside ±(2^53 - 1) become `bigint`, all other numbers are as
 * `JSON.parse` gives them. `__proto__` is an ordinary own key.
 *
 * `exact` says that the caller has already seen that no number needs more than a double and that
 * nesting is below {@link JSON_DEPTH_MAX}; the framer of cln-rpc knows both for free.
 *
 * Throws CodedError `json_syntax`, `json_depth` or `json_number` (not finite).
 */
export function parseJson(text: string, exact = false): JsonValue {
  if (exact || !(INEXACT.test(text) || mayBeDeep(text))) {
    try {
      return JSON.parse(text) as JsonValue;
    } catch (cause) {
      throw new CodedError<JsonErrorCode>('json_syntax', 'not valid JSON', { cause });
    }
  }
  return new Parser(text).parse();
}

/** Counts opening brackets, strings included: a cheap upper bound of the nesting. */
function mayBeDeep(text: string): boolean {
  let count = 0;
  for (const opening of ['[', '{']) {
    for (let at = text.indexOf(opening); at !== -1; at = text.indexOf(opening, at + 1)) {
      count += 1;
      if (count > JSON_DEPTH_MAX) {
        return deepest(text) > JSON_DEPTH_MAX;
      }
    }
  }
  return false;
}

/** The nesting of a JSON text; strings are passed over. */
function deepest(text: string): number {
  let depth = 0;
  let most = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22) {
      at = endOfString(text, at);
    } else if (unit === 0x5b || unit === 0x7b) {
      depth += 1;
      most = depth > most ? depth : most;
    } else if (unit === 0x5d || unit === 0x7d) {
      depth -= 1;
    }
  }
  return most;
}

/** Index in `text` of the quote that closes the JSON string opened at `start`; the text's length when none does. */
export function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === 0x5c) {
      slashes += 1;
    }
    if (slashes % 2 === 0) {
      return end;
    }
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const SPACE = /[ \t\n\r]*/y;

/** Recursive descent for the few texts that `JSON.parse` would read with loss. */
class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): JsonValue {
    this.#space();
    const value = this.#value(0);
    this.#space();
    return this.#at === this.#text.length ? value : this.#fail();
  }

  #fail(): never {
    throw new CodedError<JsonErrorCode>('json_syntax', `not valid JSON at ${this.#at}`);
  }

  #space(): void {
    SPACE.lastIndex = this.#at;
    SPACE.test(this.#text);
    this.#at = SPACE.lastIndex;
  }

  #value(depth: number): JsonValue {
    if (depth > JSON_DEPTH_MAX) {
      throw new CodedError<JsonErrorCode>(
        'json_depth',
        `JSON is nested deeper than ${JSON_DEPTH_MAX}`,
      );
    }
    switch (this.#text.charCodeAt(this.#at)) {
      case 0x22:
        return this.#string();
      case 0x7b:
        return this.#object(depth);
      case 0x5b:
        return this.#array(depth);
      case 0x74:
        return this.#word('true', true);
      case 0x66:
        return this.#word('false', false);
      case 0x6e:
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #word<T extends boolean | null>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) {
      this.#fail();
    }
    this.#at += word.length;
    return value;
  }

  #string(): string {
    const end = endOfString(this.#text, this.#at);
    const raw = this.#text.slice(this.#at, end + 1);
    try {
      const value = JSON.parse(raw) as string;
      this.#at = end + 1;
      return value;
    } catch {
      return this.#fail();
    }
  }

  #number(): number | bigint {
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.#text);
    if (match === null) {
      return this.#fail();
    }
    this.#at = NUMBER.lastIndex;
    const value = Number(match[0]);
    if (match[1] === undefined && match[2] === undefined && !Number.isSafeInteger(value)) {
      return BigInt(match[0]);
    }
    if (!Number.isFinite(value)) {
      throw new CodedError<JsonErrorCode>('json_number', `the number ${match[0]} is too large`);
    }
    return value === 0 ? 0 : value;
  }

  #array(depth: number): JsonValue[] {
    const items: JsonValue[] = [];
    this.#at += 1;
    this.#space();
    if (this.#text.charCodeAt(this.#at) === 0x5d) {
      this.#at += 1;
      return items;
    }
    for (;;) {
      this.#space();
      items.push(this.#value(depth + 1));
      this.#space();
      const unit = this.#text.charCodeAt(this.#at);
      this.#at += 1;
      if (unit === 0x5d) {
        return items;
      }
      if (unit !== 0x2c) {
        this.#at -= 1;
        this.#fail();
      }
    }
  }

  #object(depth: number): JsonObject {
    const members: Record<string, JsonValue> = {};
    this.#at += 1;
    this.#space();
    if (this.#text.charCodeAt(this.#at) === 0x7d) {
      this.#at += 1;
      return members;
    }
    for (;;) {
      this.#space();
      if (this.#text.charCodeAt(this.#at) !== 0x22) {
        this.#fail();
      }
      const key = this.#string();
      this.#space();
      if (this.#text.charCodeAt(this.#at) !== 0x3a) {
        this.#fail();
      }
      this.#at += 1;
      this.#space();
      setOwn(members, key, this.#value(depth + 1));
      this.#space();
      const unit = this.#text.charCodeAt(this.#at);
      this.#at += 1;
      if (unit === 0x7d) {
        return members;
      }
      if (unit !== 0x2c) {
        this.#at -= 1;
        this.#fail();
      }
    }
  }
}

function setOwn(target: Record<string, JsonValue>, key: string, value: JsonValue): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  } else {
    target[key] = value;
  }
}

/**
 * Writes compact JSON with `bigint` as bare integers. Members that are undefined are left out, as
 * `JSON.stringify` does. Throws CodedError `json_depth` beyond {@link JSON_DEPTH_MAX} (cycles
 * included) and `json_number` for NaN and infinities, which `JSON.stringify` would turn into null.
 */
export function stringifyJson(value: unknown): string {
  return write(value, 0) ?? 'null';
}

function write(value: unknown, depth: number): string | undefined {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'bigint':
      return value.toString();
    case 'number':
      if (!Number.isFinite(value)) {
        throw new CodedError<JsonErrorCode>('json_number', `${value} has no JSON form`);
      }
      return value === 0 ? '0' : String(value);
    case 'object':
      return value === null ? 'null' : writeComposite(value, depth);
    default:
      return undefined;
  }
}

function writeComposite(value: object, depth: number): string | undefined {
  if (depth >= JSON_DEPTH_MAX) {
    throw new CodedError<JsonErrorCode>('json_depth', `a value is nested deeper than ${depth}`);
  }
  if (Array.isArray(value)) {
    let text = '[';
    for (let i = 0; i < value.length; i += 1) {
      text += (i === 0 ? '' : ',') + (write(value[i], depth + 1) ?? 'null');
    }
    return `${text}]`;
  }
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return write(value.toJSON(), depth + 1);
  }
  let text = '';
  for (const key of Object.keys(value)) {
    const member = write((value as Record<string, unknown>)[key], depth + 1);
    if (member !== undefined) {
      text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${member}`;
    }
  }
  return `{${text}}`;
}
