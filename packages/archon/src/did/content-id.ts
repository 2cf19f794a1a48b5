import { utf8ToBytes } from '@cl-hive/protocol';
import { sha256 } from '@noble/hashes/sha2.js';
import { CID } from 'multiformats/cid';
import { code as jsonCode } from 'multiformats/codecs/json';
import { create as createDigest } from 'multiformats/hashes/digest';
import { canonicalDocument } from './canonical.ts';

/** Multicodec number of SHA-256. */
const SHA2_256 = 0x12;

/** What every `did:cid` begins with. */
export const DID_PREFIX = 'did:cid:';

/**
 * Content id of a JSON value as it stands: CIDv1, codec json, SHA-256, base32. Members keep the
 * order in which JavaScript lists them, as in Archon's data store.
 */
export function storedContentId(value: unknown): string {
  const digest = createDigest(SHA2_256, sha256(utf8ToBytes(JSON.stringify(value))));
  return CID.createV1(jsonCode, digest).toString();
}

/**
 * Content id of an operation: of its canonical form, read again by JavaScript as Archon does. That
 * moves members whose names are array indices (`"9"` before `"10"`); the signed form does not.
 */
export function operationId(value: unknown): string {
  return storedContentId(JSON.parse(canonicalDocument(value)));
}

/** CIDv1, codec json, SHA-256 of 32 bytes, in base32: the first 41 and the last 4 bits are always the same. */
const CONTENT_ID = /^bagaaiera[a-z2-7]{51}[aq]$/;

/** Whether `text` is a content id as {@link operationId} makes them; nothing else may stand in a DID here. */
export function isContentId(text: string): boolean {
  return CONTENT_ID.test(text);
}

/** Whether `text` is a `did:cid` DID, without path, query or fragment. */
export function isDid(text: unknown): text is `did:cid:${string}` {
  return (
    typeof text === 'string' &&
    text.startsWith(DID_PREFIX) &&
    isContentId(text.slice(DID_PREFIX.length))
  );
}
