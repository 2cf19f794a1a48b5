import { _SHA256 } from '@noble/hashes/sha2.js';

/** Conditions of a rune's restriction. */
export const RUNE_CONDITIONS = '!=/^$~<>{}#';

/** One alternative: a field, a condition and what it is compared with. */
export interface RuneAlternative {
  readonly field: string;
  readonly condition: string;
  readonly value: string;
}

/** Alternatives of which one must hold. */
export type RuneRestriction = readonly RuneAlternative[];

/** A token that its holder can restrict further but never widen. */
export interface Rune {
  /** State of SHA-256 after the secret and all restrictions, each padded to whole blocks. */
  readonly state: Uint8Array;
  /** Bytes that went into the state. */
  readonly length: number;
  readonly restrictions: readonly RuneRestriction[];
  readonly uniqueId: string | undefined;
  readonly version: string | undefined;
}

const BLOCK = 64;
const UTF8 = new TextEncoder();
const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** SHA-256 that can be taken up at the state after some whole blocks. */
class Midstate extends _SHA256 {
  static after(state: Uint8Array | undefined, blocks: Uint8Array): Uint8Array {
    const hash = new Midstate();
    if (state !== undefined) {
      const view = new DataView(state.buffer, state.byteOffset, state.byteLength);
      const word = (i: number): number => view.getUint32(i * 4) | 0;
      hash.set(word(0), word(1), word(2), word(3), word(4), word(5), word(6), word(7));
    }
    hash.update(blocks);
    const bytes = new Uint8Array(32);
    const view = new DataView(bytes.buffer);
    for (const [i, word] of hash.get().entries()) {
      view.setUint32(i * 4, word);
    }
    return bytes;
  }
}

/** Takes `data` into a state, followed by the padding that SHA-256 would end with. */
function absorb(
  state: Uint8Array | undefined,
  length: number,
  data: Uint8Array,
): { readonly state: Uint8Array; readonly length: number } {
  const size = Math.ceil((data.length + 9) / BLOCK) * BLOCK;
  const blocks = new Uint8Array(size);
  blocks.set(data);
  blocks[data.length] = 0x80;
  new DataView(blocks.buffer).setBigUint64(size - 8, BigInt(length + data.length) * 8n);
  return { state: Midstate.after(state, blocks), length: length + size };
}

function encode(restriction: RuneRestriction): string {
  return restriction
    .map(
      ({ field, condition, value }) =>
        `${field}${condition}${value.replaceAll(/[\\|&]/g, (special) => `\\${special}`)}`,
    )
    .join('|');
}

/** The rune from which all of a node's runes derive; `secret` is at most 55 bytes. */
export function masterRune(secret: Uint8Array): Rune {
  return {
    ...absorb(undefined, 0, secret),
    restrictions: [],
    uniqueId: undefined,
    version: undefined,
  };
}

/**
 * A rune with one more restriction. Undefined when a unique id (a restriction of an empty field)
 * stands anywhere but alone in the first place with `=`.
 */
export function restrict(rune: Rune, restriction: RuneRestriction): Rune | undefined {
  const unique = restriction.find(({ field }) => field === '');
  const next: Rune = {
    ...rune,
    ...absorb(rune.state, rune.length, UTF8.encode(encode(restriction))),
    restrictions: [...rune.restrictions, restriction],
  };
  if (unique === undefined) {
    return next;
  }
  if (restriction.length !== 1 || rune.restrictions.length > 0 || unique.condition !== '=') {
    return undefined;
  }
  const at = unique.value.indexOf('-');
  return {
    ...next,
    uniqueId: at === -1 ? unique.value : unique.value.slice(0, at),
    version: at === -1 ? undefined : unique.value.slice(at + 1),
  };
}

/** A new rune of the given id. */
export function startRune(master: Rune, uniqueId: string): Rune {
  return restrict(master, [{ field: '', condition: '=', value: uniqueId }]) ?? master;
}

/** The text that a rune is handed round as. */
export function runeText(rune: Rune): string {
  const restrictions = rune.restrictions.map(encode).join('&');
  const bytes = Buffer.concat([rune.state, UTF8.encode(restrictions)]);
  return bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

/** Reads a rune's text; undefined when it is none. Whose rune it is shows {@link derivationFault}. */
export function readRune(text: string): Rune | undefined {
  const digits = text.replace(/=*$/, '');
  if (!/^[A-Za-z0-9_-]*$/.test(digits) || digits.length % 4 === 1) {
    return undefined;
  }
  const bytes = Buffer.from(digits, 'base64url');
  if (bytes.length < 32 || bytes.subarray(32).includes(0)) {
    return undefined;
  }
  let rest: string;
  try {
    rest = STRICT.decode(bytes.subarray(32));
  } catch {
    return undefined;
  }
  // The first block holds the secret, which only its node knows.
  let rune: Rune | undefined = {
    state: new Uint8Array(32),
    length: BLOCK,
    restrictions: [],
    uniqueId: undefined,
    version: undefined,
  };
  for (const part of splitUnescaped(rest, '&')) {
    const restriction = readRestriction(part);
    rune = restriction === undefined ? undefined : restrict(rune, restriction);
    if (rune === undefined) {
      return undefined;
    }
  }
  return { ...rune, state: Uint8Array.from(bytes.subarray(0, 32)) };
}

/** The parts between separators that no backslash precedes; none of an empty text. */
function splitUnescaped(text: string, separator: string): readonly string[] {
  if (text === '') {
    return [];
  }
  const parts: string[] = [];
  let part = '';
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charAt(at);
    if (unit === '\\') {
      part += unit + text.charAt(at + 1);
      at += 1;
    } else if (unit === separator) {
      parts.push(part);
      part = '';
    } else {
      part += unit;
    }
  }
  return [...parts, part];
}

function readRestriction(text: string): RuneRestriction | undefined {
  const alternatives: RuneAlternative[] = [];
  for (const part of splitUnescaped(text, '|')) {
    const alternative = readAlternative(part);
    const value = alternative === undefined ? undefined : unescaped(alternative.value);
    if (alternative === undefined || value === undefined) {
      return undefined;
    }
    alternatives.push({ ...alternative, value });
  }
  return alternatives.length === 0 ? undefined : alternatives;
}

function unescaped(value: string): string | undefined {
  return /(?<!\\)(?:\\\\)*\\$/.test(value) ? undefined : value.replaceAll(/\\(.)/gs, '$1');
}

/** Splits `field`, condition and value; undefined without a condition. */
export function readAlternative(text: string): RuneAlternative | undefined {
  const at = text.search(/[!-/:-@[-^`{-~]/);
  const condition = text.charAt(at);
  if (at === -1 || !RUNE_CONDITIONS.includes(condition)) {
    return undefined;
  }
  return { field: text.slice(0, at), condition, value: text.slice(at + 1) };
}

/** Why a rune does not derive from `master`; undefined when it does. */
export function derivationFault(master: Rune, rune: Rune): string | undefined {
  if (master.version !== rune.version) {
    return 'Version mismatch';
  }
  let derived: Rune | undefined = master;
  for (const restriction of rune.restrictions) {
    derived = derived === undefined ? undefined : restrict(derived, restriction);
  }
  return derived !== undefined && Buffer.compare(derived.state, rune.state) === 0
    ? undefined
    : 'Not derived from master';
}
