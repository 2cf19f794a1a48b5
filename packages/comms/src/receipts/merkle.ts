import { sha256 } from '@noble/hashes/sha2.js';

/** SHA-256; a faster one than the reference may take its place. */
export type Hash = (bytes: Uint8Array) => Uint8Array;

function tagged(hash: Hash, tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(1 + parts.reduce((sum, part) => sum + part.length, 0));
  bytes[0] = tag;
  let at = 1;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return hash(bytes);
}

interface Subtree {
  readonly height: number;
  readonly root: Uint8Array;
}

/**
 * A Merkle tree as RFC 6962 builds it (leaves and nodes hashed apart, the left part the largest power
 * of two), fed leaf by leaf and never larger than its height.
 */
export class MerkleTree {
  readonly #hash: Hash;
  #subtrees: Subtree[] = [];
  #size = 0;

  constructor(hash: Hash = sha256) {
    this.#hash = hash;
  }

  /** Leaves so far. */
  get size(): number {
    return this.#size;
  }

  /** Adds a leaf. */
  add(leaf: Uint8Array): void {
    let subtree: Subtree = { height: 0, root: tagged(this.#hash, 0, leaf) };
    for (;;) {
      const left = this.#subtrees.at(-1);
      if (left === undefined || left.height !== subtree.height) {
        break;
      }
      this.#subtrees.pop();
      subtree = {
        height: left.height + 1,
        root: tagged(this.#hash, 1, left.root, subtree.root),
      };
    }
    this.#subtrees.push(subtree);
    this.#size += 1;
  }

  /** The root of the leaves so far; of none, the hash of nothing. */
  root(): Uint8Array {
    const right = this.#subtrees.at(-1);
    if (right === undefined) {
      return this.#hash(new Uint8Array(0));
    }
    return this.#subtrees
      .slice(0, -1)
      .reduceRight((root, left) => tagged(this.#hash, 1, left.root, root), right.root);
  }

  /** Starts again with no leaf. */
  clear(): void {
    this.#subtrees = [];
    this.#size = 0;
  }
}
