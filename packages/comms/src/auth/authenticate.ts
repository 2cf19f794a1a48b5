import { hexToBytes, isNodeId } from '@cl-hive/core';
import {
  type Curve,
  nobleCurve,
  type RequestEnvelope,
  requestSigningText,
  utf8ToBytes,
  verifyEitherForm,
} from '@cl-hive/protocol';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { AdvisorBook, AdvisorKey } from '../advisors/book.ts';
import { findAdvisor } from '../advisors/resolve.ts';

const SCHNORR = /^[0-9a-f]{128}$/;
const LIGHTNING = /^[a-z0-9]{104}$/;
const HMAC = /^(?:hmac-sha256:)?([0-9a-f]{64})$/;
const X_ONLY = /^[0-9a-f]{64}$/;

/** Compares in a time that does not tell where the difference is. */
function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let at = 0; at < a.length; at += 1) {
    difference |= (a[at] ?? 0) ^ (b[at] ?? 0);
  }
  return difference === 0;
}

/**
 * Whether a key made the request's own signature: BIP 340 over the SHA-256 of the signing text
 * (128 lower-case digits), lightningd's `signmessage` (zbase32), or HMAC-SHA-256 under the advisor's
 * token (64 lower-case digits, with or without `hmac-sha256:`). Never throws; any other form is no
 * signature. Runes and DIDs are verified by others.
 */
export function signedBy(
  envelope: RequestEnvelope,
  { scheme, key }: AdvisorKey,
  token: Uint8Array | undefined,
  curve: Curve = nobleCurve,
): boolean {
  const signature = envelope.signature ?? '';
  const text = requestSigningText(envelope);
  switch (scheme) {
    case 'schnorr':
      return (
        SCHNORR.test(signature) &&
        X_ONLY.test(key) &&
        curve.schnorrVerify(hexToBytes(signature), sha256(utf8ToBytes(text)), hexToBytes(key))
      );
    case 'lightning':
      return (
        LIGHTNING.test(signature) && isNodeId(key) && verifyEitherForm(text, signature, key, curve)
      );
    case 'hmac': {
      const mac = HMAC.exec(signature)?.[1];
      return (
        mac !== undefined &&
        token !== undefined &&
        sameBytes(hmac(sha256, token, utf8ToBytes(text)), hexToBytes(mac))
      );
    }
    case 'rune':
    case 'did':
      return false;
  }
}

/**
 * The key of the named advisor that signed the request itself; undefined when none did. `tokenOf`
 * gives the secret of an HMAC key.
 */
export function authenticateSigned(
  envelope: RequestEnvelope,
  book: AdvisorBook,
  tokenOf: (key: AdvisorKey) => Uint8Array | undefined,
  curve: Curve = nobleCurve,
): AdvisorKey | undefined {
  if (envelope.signature === undefined) {
    return undefined;
  }
  const advisor = findAdvisor(book, envelope.principal);
  return advisor?.keys.find((key) => signedBy(envelope, key, tokenOf(key), curve));
}
