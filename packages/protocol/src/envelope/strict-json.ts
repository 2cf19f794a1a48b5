import { endOfString, type JsonObject, type JsonValue } from '@cl-hive/core';
import { envelopeError } from './error.ts';
import { ENVELOPE_DEPTH_MAX } from './limits.ts';
import { isWellFormed } from './well-formed.ts';

/**
 * Reads JSON that two readers cannot understand differently: member names once each, numbers only as
 * plain integers within ±(2^53 - 1), no `-0`, no lone surrogates, nesting at most
 * {@link ENVELOPE_DEPTH_MAX}. What is signed is written again from the value, so a value must have
 * one spelling. Throws CodedError with an {@link EnvelopeErrorCode}.
 */
export function parseStrictJson(text: string): JsonValue {
  return new StrictReader(text).read();
}

const SPACE = /[ \t\n\r]*/y;
const INTEGER = /-?(?:0|[1-9]\d*)/y;

class StrictReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): JsonValue {
    this.#space();
    const value = this.#value(0);
    this.#space();
    return this.#at === this.#text.length ? value : this.#fail();
  }

  #fail(): never {
    throw envelopeError('envelope_syntax', `not valid JSON at character ${this.#at}`);
  }

  #space(): void {
    SPACE.lastIndex = this.#at;
    SPACE.test(this.#text);
    this.#at = SPACE.lastIndex;
  }

  /** Moves past `unit` and the space around it; false when something else stands there. */
  #take(unit: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== unit) {
      return false;
    }
    this.#at += 1;
    this.#space();
    return true;
  }

  #value(depth: number): JsonValue {
    if (depth > ENVELOPE_DEPTH_MAX) {
      throw envelopeError('envelope_depth', `nested deeper than ${ENVELOPE_DEPTH_MAX}`);
    }
    switch (this.#text[this.#at]) {
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
        return this.#integer();
    }
  }

  #word<T extends boolean | null>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) {
      this.#fail();
    }
    this.#at += word.length;
    return value;
  }

  #integer(): number {
    INTEGER.lastIndex = this.#at;
    const token = INTEGER.exec(this.#text)?.[0];
    if (token === undefined) {
      return this.#fail();
    }
    const end = INTEGER.lastIndex;
    const value = Number(token);
    if (
      !Number.isSafeInteger(value) ||
      Object.is(value, -0) ||
      /[.eE\d]/.test(this.#text[end] ?? '')
    ) {
      throw envelopeError(
        'envelope_number',
        `the number at character ${this.#at} is no plain integer`,
      );
    }
    this.#at = end;
    return value;
  }

  #string(): string {
    const raw = this.#text.slice(this.#at, endOfString(this.#text, this.#at) + 1);
    let value: string;
    try {
      value = JSON.parse(raw) as string;
    } catch {
      return this.#fail();
    }
    if (!isWellFormed(value)) {
      throw envelopeError('envelope_not_utf8', 'a text holds a lone surrogate');
    }
    this.#at += raw.length;
    return value;
  }

  #array(depth: number): readonly JsonValue[] {
    const items: JsonValue[] = [];
    this.#take('[');
    if (this.#take(']')) {
      return items;
    }
    for (;;) {
      items.push(this.#value(depth + 1));
      if (this.#take(']')) {
        return items;
      }
      if (!this.#take(',')) {
        this.#fail();
      }
    }
  }

  #object(depth: number): JsonObject {
    const members = new Map<string, JsonValue>();
    this.#take('{');
    if (this.#take('}')) {
      return {};
    }
    for (;;) {
      if (this.#text[this.#at] !== '"') {
        this.#fail();
      }
      const key = this.#string();
      if (members.has(key)) {
        throw envelopeError(
          'envelope_duplicate_key',
          `a member stands twice: ${JSON.stringify(key)}`,
        );
      }
      if (!this.#take(':')) {
        this.#fail();
      }
      members.set(key, this.#value(depth + 1));
      if (this.#take('}')) {
        // fromEntries defines own members, so `__proto__` stays a plain name that decoders refuse.
        return Object.fromEntries(members);
      }
      if (!this.#take(',')) {
        this.#fail();
      }
    }
  }
}
