import { bytesToUtf8, utf8ToBytes } from '@cl-hive/protocol';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { PAYMENT_LIMITS } from '../limits.ts';

/**
 * A macaroon with first-party caveats alone (Birgisson et al. 2014), in the binary format of version 2
 * (go-macaroon, `doc/format.txt`), which is what L402 sends.
 */
export interface Macaroon {
  readonly identifier: Uint8Array;
  /** A hint that no signature covers. */
  readonly location: string;
  /** Conditions, all of which must hold. */
  readonly caveats: readonly string[];
  /** 32 bytes. */
  readonly signature: Uint8Array;
}

/** Why bytes are no macaroon that is read here (closed list). */
export type MacaroonProblem = 'macaroon_malformed' | 'macaroon_third_party' | 'too_many_caveats';

const VERSION = 2;
const END = 0;
const LOCATION = 1;
const IDENTIFIER = 2;
const VERIFICATION_ID = 4;
const SIGNATURE = 6;
const SIGNATURE_BYTES = 32;
/** What the format's root keys are derived with, so that any length of key does. */
const KEY_GENERATOR = utf8ToBytes('macaroons-key-generator');

/** A new macaroon under `rootKey`, without caveats. */
export function newMacaroon(rootKey: Uint8Array, identifier: Uint8Array, location = ''): Macaroon {
  const key = hmac(sha256, KEY_GENERATOR, rootKey);
  return { identifier, location, caveats: [], signature: hmac(sha256, key, identifier) };
}

/** The macaroon with one more condition; this takes no key, and cannot be undone. */
export function withCaveat(macaroon: Macaroon, condition: string): Macaroon {
  return {
    ...macaroon,
    caveats: [...macaroon.caveats, condition],
    signature: hmac(sha256, macaroon.signature, utf8ToBytes(condition)),
  };
}

/** Whether `macaroon` and all its caveats were made from `rootKey`. Takes the same time for any signature. */
export function isSignedBy(macaroon: Macaroon, rootKey: Uint8Array): boolean {
  const { identifier, caveats, signature } = macaroon;
  const right = caveats.reduce(withCaveat, newMacaroon(rootKey, identifier)).signature;
  const difference = right.reduce((all, byte, at) => all | (byte ^ (signature[at] ?? 0)), 0);
  return difference === 0 && signature.length === SIGNATURE_BYTES;
}

/** The bytes of a macaroon. */
export function encodeMacaroon(macaroon: Macaroon): Uint8Array {
  const location = macaroon.location === '' ? [] : field(LOCATION, utf8ToBytes(macaroon.location));
  const caveats = macaroon.caveats.flatMap((text) => [
    ...field(IDENTIFIER, utf8ToBytes(text)),
    END,
  ]);
  return Uint8Array.from([
    VERSION,
    ...location,
    ...field(IDENTIFIER, macaroon.identifier),
    END,
    ...caveats,
    END,
    ...field(SIGNATURE, macaroon.signature),
  ]);
}

function field(kind: number, data: Uint8Array): number[] {
  const length: number[] = [];
  let rest = data.length;
  while (rest >= 0x80) {
    length.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return [kind, ...length, rest, ...data];
}

/** Reads bytes of version 2, all of them; or says why they are none. */
export function decodeMacaroon(bytes: Uint8Array): Macaroon | MacaroonProblem {
  if (bytes.length > PAYMENT_LIMITS.macaroonBytes || bytes[0] !== VERSION) {
    return 'macaroon_malformed';
  }
  const reader = new FieldReader(bytes, 1);
  const location = reader.take(LOCATION);
  const identifier = reader.take(IDENTIFIER);
  reader.end();
  const caveats: string[] = [];
  while (!reader.failed && !reader.atEnd()) {
    if (caveats.length >= PAYMENT_LIMITS.caveats) {
      return 'too_many_caveats';
    }
    const caveat = readCaveat(reader);
    if (typeof caveat === 'string') {
      return caveat;
    }
    caveats.push(caveat.condition);
  }
  reader.end();
  const signature = reader.take(SIGNATURE);
  const where = location === undefined ? '' : bytesToUtf8(location);
  const whole = !reader.failed && reader.finished && signature?.length === SIGNATURE_BYTES;
  return !whole || identifier === undefined || where === undefined
    ? 'macaroon_malformed'
    : { identifier, location: where, caveats, signature };
}

function readCaveat(
  reader: FieldReader,
): Exclude<MacaroonProblem, 'too_many_caveats'> | { readonly condition: string } {
  const location = reader.take(LOCATION);
  const identifier = reader.take(IDENTIFIER);
  const verification = reader.take(VERIFICATION_ID);
  reader.end();
  if (verification !== undefined || location !== undefined) {
    return 'macaroon_third_party';
  }
  const condition = identifier === undefined ? undefined : bytesToUtf8(identifier);
  return condition === undefined || reader.failed ? 'macaroon_malformed' : { condition };
}

/** Reads fields in order; a fault is remembered, and nothing is read after it. */
class FieldReader {
  failed = false;
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get finished(): boolean {
    return this.#at === this.#bytes.length;
  }

  atEnd(): boolean {
    return this.#bytes[this.#at] === END;
  }

  /** Passes the end of a section. */
  end(): void {
    this.failed ||= !this.atEnd();
    this.#at += 1;
  }

  /** The data of the next field if it is of this kind. */
  take(kind: number): Uint8Array | undefined {
    if (this.failed || this.#bytes[this.#at] !== kind) {
      return undefined;
    }
    this.#at += 1;
    const length = this.#length();
    const data = this.#bytes.slice(this.#at, this.#at + length);
    this.#at += length;
    this.failed ||= data.length !== length;
    return data;
  }

  #length(): number {
    let length = 0;
    for (let shift = 0; shift <= 14; shift += 7) {
      const byte = this.#bytes[this.#at] ?? 0;
      this.#at += 1;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        return length;
      }
    }
    this.failed = true;
    return 0;
  }
}
