import { CodedError } from '@cl-hive/core';
import { type Curve, nobleCurve, utf8ToBytes } from '@cl-hive/protocol';
import { sha256 } from '@noble/hashes/sha2.js';
import { fromBase64url, toBase64url } from '../did/jwk.ts';
import { SIGNED_TEXT_MAX } from '../limits.ts';

/**
 * What a text has to begin with to be signed for a sibling: each names protocol, purpose and version, so
 * that no signature can be taken for another. Nothing that a document signs begins so: those are JSON.
 * Votes, bindings and credentials are not here: their texts are built where they are signed.
 */
export const SIGNING_TAGS = ['cl-hive/management-request/v1:'] as const;

/** Why a text is not signed. */
export type SigningErrorCode = 'text_untagged' | 'text_form';

/** Throws CodedError unless the text begins with one of {@link SIGNING_TAGS} and is plain ASCII. */
export function assertTagged(text: string): void {
  if (!SIGNING_TAGS.some((tag) => text.startsWith(tag) && text.length > tag.length)) {
    throw new CodedError<SigningErrorCode>(
      'text_untagged',
      'the text does not begin with a registered tag',
      { remedy: `begin it with one of ${SIGNING_TAGS.join(' ')}` },
    );
  }
  if (text.length > SIGNED_TEXT_MAX || !/^[\x20-\x7e]+$/.test(text)) {
    throw new CodedError<SigningErrorCode>(
      'text_form',
      `the text is longer than ${SIGNED_TEXT_MAX} characters or not plain ASCII`,
      { remedy: 'sign a digest of what is long' },
    );
  }
}

/** Signs a text with a DID's key: ECDSA over its SHA-256, base64url. */
export function signText(text: string, secret: Uint8Array, curve: Curve = nobleCurve): string {
  return toBase64url(curve.ecdsaSignRecoverable(sha256(utf8ToBytes(text)), secret).signature);
}

/** Whether `key` (compressed) made {@link signText}'s signature. Never throws. */
export function textSignedBy(
  text: string,
  signature: string,
  key: Uint8Array,
  curve: Curve = nobleCurve,
): boolean {
  const bytes = fromBase64url(signature);
  return bytes?.length === 64 && curve.ecdsaVerify(sha256(utf8ToBytes(text)), bytes, key);
}

/** How a management request carries the signature of a DID: `did:` key name, `:` and the signature. */
export function didSignature(keyId: string, signature: string): string {
  return `did:${keyId.slice(1)}:${signature}`;
}

/** Reads {@link didSignature}; undefined for any other text. */
export function readDidSignature(
  text: string,
): { readonly keyId: string; readonly signature: string } | undefined {
  const [, name, signature] = /^did:([A-Za-z0-9._-]{1,64}):([A-Za-z0-9_-]{86})$/.exec(text) ?? [];
  return name === undefined || signature === undefined
    ? undefined
    : { keyId: `#${name}`, signature };
}
