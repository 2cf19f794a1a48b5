import { createHash } from 'node:crypto';

/** SHA-256 of the parts, one after the other. */
export function sha256(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) {
    hash.update(part);
  }
  return Uint8Array.from(hash.digest());
}

/** SHA-256 twice, as Bitcoin names blocks and transactions. */
export function sha256d(bytes: Uint8Array): Uint8Array {
  return sha256(sha256(bytes));
}

/** RIPEMD-160 of SHA-256, as in witness programs of keys. */
export function hash160(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(createHash('ripemd160').update(sha256(bytes)).digest());
}

/**
 * A source of bytes that repeats: each is a digest of a secret, a purpose and a counter of that
 * purpose, so that what one purpose draws does not shift another's, whatever the order of calls.
 */
export class Draws {
  readonly #root: Uint8Array;
  readonly #counters = new Map<string, number>();

  constructor(root: Uint8Array) {
    this.#root = root;
  }

  /** The next 32 bytes for a purpose. */
  next(purpose: string): Uint8Array {
    const count = this.#counters.get(purpose) ?? 0;
    this.#counters.set(purpose, count + 1);
    return this.at(purpose, count);
  }

  /** The same 32 bytes for the same purpose and number. */
  at(purpose: string, number: number): Uint8Array {
    return sha256(this.#root, `${purpose}/${number}`);
  }

  /** An integer from 0, inclusive, to `below` (at most 2^32), exclusive. */
  below(purpose: string, below: number): number {
    return new DataView(this.next(purpose).buffer).getUint32(0) % below;
  }

  /** A number from 0, inclusive, to 1, exclusive. */
  float(purpose: string): number {
    return new DataView(this.next(purpose).buffer).getUint32(0) / 0x1_0000_0000;
  }

  /** A random unsigned 64-bit integer. */
  u64(purpose: string): bigint {
    return new DataView(this.next(purpose).buffer).getBigUint64(0);
  }
}
