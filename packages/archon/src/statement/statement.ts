import {
  bytesToHex,
  type Decoder,
  isJsonObject,
  type JsonObject,
  type NodeId,
  nodeIdDecoder,
  object,
  text,
} from '@cl-hive/core';
import { canonicalJson, recoverMessage, utf8ToBytes } from '@cl-hive/protocol';
import { sha256 } from '@noble/hashes/sha2.js';

/** What a node signs for this plugin. Nothing else is ever signed under these names. */
export type StatementKind =
  | 'poll'
  | 'ballot'
  | 'vault'
  | 'share'
  | 'share-answer'
  | 'share-request'
  | 'share-cancel'
  | 'share-release';

/** What a node said, and that it said so: lightningd's `signmessage` over {@link statementText}. */
export interface SignedStatement {
  readonly body: JsonObject;
  readonly signer: NodeId;
  /** zbase32, 104 digits. */
  readonly signature: string;
}

const decode = object({
  body: (input): JsonObject => {
    if (!isJsonObject(input)) {
      throw new TypeError('not an object');
    }
    return input;
  },
  signer: nodeIdDecoder,
  signature: text(128),
});

/** The identity of a body: SHA-256 of its canonical JSON, 64 hexadecimal digits. */
export function bodyDigest(body: JsonObject): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalJson(body))));
}

/**
 * What is signed: a name of this plugin, the kind, and the digest. Nothing in it is written otherwise
 * as JSON, so that every version of lightningd signs the same bytes, and no text of another protocol
 * begins like it.
 */
export function statementText(kind: StatementKind, body: JsonObject): string {
  return `cl-hive-archon:${kind}:1:${bodyDigest(body)}`;
}

/** Reads a statement and checks its signature; undefined where either fails. */
export function readStatement(kind: StatementKind, input: unknown): SignedStatement | undefined {
  try {
    const statement = decode(input);
    const by = recoverMessage(statementText(kind, statement.body), statement.signature);
    return by === statement.signer ? statement : undefined;
  } catch {
    // Canonical JSON refuses what is too deep or no JSON; whoever sent it signed nothing.
    return undefined;
  }
}

/** A statement as it travels. */
export function statementJson({ body, signer, signature }: SignedStatement): JsonObject {
  return { body, signer, signature };
}

/** Reads a statement's body by a decoder; undefined where it is not what it should be. */
export function bodyOf<T>(statement: SignedStatement | undefined, read: Decoder<T>): T | undefined {
  try {
    return statement === undefined ? undefined : read(statement.body);
  } catch {
    return undefined;
  }
}
