import { CodedError } from '@cl-hive/core';
import { isWellFormed } from './code-points.ts';
import { WIRE_DEPTH_MAX, WIRE_INTEGER_DIGITS_MAX } from './limits.ts';
import { JsonFloat, type WireObject, type WireValue } from './wire-value.ts';

/** Why a text was refused as a message's JSON. */
export type WireJsonErrorCode =
  | 'json_syntax'
  | 'json_depth'
  | 'json_number'
  | 'json_duplicate'
  | 'json_unicode';

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /(-?(?:0|[1-9]\d*))((?:\.\d+)?(?:[eE][+-]?\d+)?)/y;
const STRING = /"((?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*)"/y;

/**
 * Parses a message's JSON as Python does, floats kept apart from integers (`JsonFloat`), integers
 * beyond 2^53 as bigint, `__proto__` an ordinary member. Stricter than Python in what no honest
 * sender writes: a member named twice, NaN, infinities and what becomes infinite, half a surrogate
 * pair, nesting beyond 16, integers beyond 40 digits. Throws CodedError with a
 * {@link WireJsonErrorCode}.
 */
export function parseWireJson(text: string): WireValue {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

function refuse(code: WireJsonErrorCode, message: string): never {
  throw new CodedError<WireJsonErrorCode>(code, message);
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  end(): void {
    this.#space();
    if (this.#at !== this.#text.length) {
      this.#fail();
    }
  }

  value(depth: number): WireValue {
    if (depth > WIRE_DEPTH_MAX) {
      refuse('json_depth', `the JSON is nested deeper than ${WIRE_DEPTH_MAX}`);
    }
    this.#space();
    switch (this.#text.charAt(this.#at)) {
      case '"':
        return this.#string();
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #fail(): never {
    return refuse('json_syntax', `not valid JSON at character ${this.#at}`);
  }

  #space(): void {
    SPACE.lastIndex = this.#at;
    SPACE.test(this.#text);
    this.#at = SPACE.lastIndex;
  }

  /** Goes past `mark` when it comes next. */
  #skip(mark: string): boolean {
    this.#space();
    if (this.#text.charAt(this.#at) !== mark) {
      return false;
    }
    this.#at += 1;
    return true;
  }

  #word<T extends boolean | null>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) {
      this.#fail();
    }
    this.#at += word.length;
    return value;
  }

  #string(): string {
    STRING.lastIndex = this.#at;
    const match = STRING.exec(this.#text);
    if (match === null) {
      return this.#fail();
    }
    this.#at = STRING.lastIndex;
    const raw = match[1] ?? '';
    const value = raw.includes('\\') ? (JSON.parse(match[0]) as string) : raw;
    if (!isWellFormed(value)) {
      refuse('json_unicode', 'a text holds half a surrogate pair');
    }
    return value;
  }

  #number(): number | bigint | JsonFloat {
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.#text);
    if (match === null) {
      return this.#fail();
    }
    this.#at = NUMBER.lastIndex;
    const [all, integer = '', rest = ''] = match;
    const value = Number(all);
    if (!Number.isFinite(value) || integer.length > WIRE_INTEGER_DIGITS_MAX) {
      refuse('json_number', 'a number is too large');
    }
    if (rest !== '') {
      return new JsonFloat(value);
    }
    return Number.isSafeInteger(value) ? value + 0 : BigInt(integer);
  }

  #array(depth: number): WireValue[] {
    const items: WireValue[] = [];
    this.#at += 1;
    if (this.#skip(']')) {
      return items;
    }
    do {
      items.push(this.value(depth + 1));
    } while (this.#skip(','));
    return this.#skip(']') ? items : this.#fail();
  }

  #object(depth: number): WireObject {
    const members: Record<string, WireValue> = {};
    this.#at += 1;
    if (this.#skip('}')) {
      return members;
    }
    do {
      this.#space();
      const key = this.#string();
      if (Object.hasOwn(members, key)) {
        refuse('json_duplicate', 'an object names a member twice');
      }
      if (!this.#skip(':')) {
        this.#fail();
      }
      const value = this.value(depth + 1);
      Object.defineProperty(members, key, {
        value,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    } while (this.#skip(','));
    return this.#skip('}') ? members : this.#fail();
  }
}
