import { type JsonValue, parseJson } from '@cl-hive/core';

/** Where a member's value stands in its text: from `start` up to, not including, `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const SPACE = /[ \t\n\r]*/y;
const PRIMITIVE = /[^,\]} \t\n\r]*/y;

function afterSpace(text: string, at: number): number {
  SPACE.lastIndex = at;
  SPACE.test(text);
  return SPACE.lastIndex;
}

/** Index just behind the string that opens at `start`. */
function afterString(text: string, start: number): number {
  for (let at = start + 1; ; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22) {
      return at + 1;
    }
    if (unit === 0x5c) {
      at += 1;
    }
  }
}

function afterComposite(text: string, start: number): number {
  let depth = 0;
  for (let at = start; ; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22) {
      at = afterString(text, at) - 1;
    } else if (unit === 0x7b || unit === 0x5b) {
      depth += 1;
    } else if (unit === 0x7d || unit === 0x5d) {
      depth -= 1;
      if (depth === 0) {
        return at + 1;
      }
    }
  }
}

function afterValue(text: string, start: number): number {
  const unit = text.charCodeAt(start);
  if (unit === 0x22) {
    return afterString(text, start);
  }
  if (unit === 0x7b || unit === 0x5b) {
    return afterComposite(text, start);
  }
  PRIMITIVE.lastIndex = start;
  PRIMITIVE.test(text);
  return PRIMITIVE.lastIndex;
}

/**
 * The members of the object that `text` holds from `from` on, by name; of a name that stands twice
 * the first, as lightningd takes it. The text must be valid JSON.
 */
export function memberSpans(text: string, from = 0): ReadonlyMap<string, Span> {
  const members = new Map<string, Span>();
  for (const [name, span] of allMemberSpans(text, from)) {
    if (!members.has(name)) {
      members.set(name, span);
    }
  }
  return members;
}

/** As {@link memberSpans}, but each name as often as it stands there. */
export function allMemberSpans(text: string, from = 0): readonly (readonly [string, Span])[] {
  const members: [string, Span][] = [];
  let at = afterSpace(text, from) + 1;
  for (;;) {
    at = afterSpace(text, at);
    if (text.charCodeAt(at) !== 0x22) {
      return members;
    }
    const keyEnd = afterString(text, at);
    const key = JSON.parse(text.slice(at, keyEnd)) as string;
    const start = afterSpace(text, afterSpace(text, keyEnd) + 1);
    const end = afterValue(text, start);
    members.push([key, { start, end }]);
    at = afterSpace(text, end);
    if (text.charCodeAt(at) !== 0x2c) {
      return members;
    }
    at += 1;
  }
}

/** The texts of the items of the array that `text` is. The text must be valid JSON. */
export function itemTexts(text: string): readonly string[] {
  const items: string[] = [];
  let at = afterSpace(text, afterSpace(text, 0) + 1);
  while (text.charCodeAt(at) !== 0x5d) {
    const end = afterValue(text, at);
    items.push(text.slice(at, end));
    at = afterSpace(text, end);
    if (text.charCodeAt(at) === 0x2c) {
      at = afterSpace(text, at + 1);
    }
  }
  return items;
}

/** A valid JSON object as it came over a wire, with its members found but not yet parsed. */
export class WireObject {
  readonly text: string;
  readonly #spans: ReadonlyMap<string, Span>;

  /** `text` must be a valid JSON object. */
  constructor(text: string) {
    this.text = text;
    this.#spans = memberSpans(text);
  }

  get names(): Iterable<string> {
    return this.#spans.keys();
  }

  has(name: string): boolean {
    return this.#spans.has(name);
  }

  /** The member's value exactly as it was written. */
  raw(name: string): string | undefined {
    const span = this.#spans.get(name);
    return span === undefined ? undefined : this.text.slice(span.start, span.end);
  }

  value(name: string): JsonValue | undefined {
    const raw = this.raw(name);
    return raw === undefined ? undefined : parseJson(raw);
  }

  /** The text with another value in place of a member's, all other bytes as they were. */
  replacing(name: string, raw: string): string {
    const span = this.#spans.get(name);
    return span === undefined
      ? this.text
      : `${this.text.slice(0, span.start)}${raw}${this.text.slice(span.end)}`;
  }
}

/** Whether a raw value is a string, an object, an array, or anything else. */
export function rawKind(raw: string): 'string' | 'object' | 'array' | 'primitive' {
  switch (raw.charCodeAt(0)) {
    case 0x22:
      return 'string';
    case 0x7b:
      return 'object';
    case 0x5b:
      return 'array';
    default:
      return 'primitive';
  }
}

/** What lightningd's `json_strdup` makes of a value: its text, without quotes, escapes left as they are. */
export function rawText(raw: string): string {
  return rawKind(raw) === 'string' ? raw.slice(1, -1) : raw;
}
