import { CodedError } from '@cl-hive/core';
import { decode, npubEncode } from 'nostr-tools/nip19';
import { getPublicKey } from 'nostr-tools/pure';

/** Why a Nostr key was refused. */
export type NostrKeyErrorCode = 'nostr_key_invalid';

/** A Nostr key pair (NIP-01): `secret` 32 bytes, `publicKey` 32 bytes in hexadecimal (x only). */
export interface NostrKey {
  readonly secret: Uint8Array;
  readonly publicKey: string;
}

/**
 * The key pair of a secret. Throws CodedError `nostr_key_invalid` when the 32 bytes are no scalar of
 * secp256k1 (zero, or not below the curve's order).
 */
export function nostrKey(secret: Uint8Array): NostrKey {
  try {
    return { secret, publicKey: getPublicKey(secret) };
  } catch (cause) {
    throw new CodedError<NostrKeyErrorCode>(
      'nostr_key_invalid',
      'these 32 bytes are not a valid secp256k1 secret key',
      { remedy: 'use a key that a Nostr client made', cause },
    );
  }
}

/**
 * Reads a secret key as Nostr clients export it: `nsec1…` (NIP-19) or 64 hexadecimal digits. The error,
 * `nostr_key_invalid`, never repeats the text.
 */
export function parseSecretKey(text: string): NostrKey {
  const trimmed = text.trim();
  if (/^[0-9a-fA-F]{64}$/.test(trimmed)) {
    return nostrKey(Uint8Array.from(Buffer.from(trimmed, 'hex')));
  }
  return nostrKey(decodeNsec(trimmed));
}

function decodeNsec(text: string): Uint8Array {
  try {
    const decoded = decode(text);
    if (decoded.type === 'nsec') {
      return decoded.data;
    }
  } catch {
    // The library's message may repeat the text, which may be a key with one wrong letter.
  }
  throw new CodedError<NostrKeyErrorCode>(
    'nostr_key_invalid',
    'the key is neither an nsec1... text with a right checksum nor 64 hexadecimal digits',
    { remedy: 'copy the secret key (nsec1...) from the Nostr client once more, whole' },
  );
}

/** The public key as people pass it on: `npub1…` (NIP-19). */
export function npub(publicKey: string): string {
  return npubEncode(publicKey);
}

/**
 * Reads a public key as Nostr clients show it: `npub1…` (NIP-19) or 64 hexadecimal digits; gives the
 * latter. Throws CodedError `nostr_key_invalid`.
 */
export function parsePublicKey(text: string): string {
  const trimmed = text.trim();
  if (/^[0-9a-fA-F]{64}$/.test(trimmed)) {
    return trimmed.toLowerCase();
  }
  try {
    const decoded = decode(trimmed);
    if (decoded.type === 'npub') {
      return decoded.data;
    }
  } catch {
    // Whatever is wrong with it, the answer is the same.
  }
  throw new CodedError<NostrKeyErrorCode>(
    'nostr_key_invalid',
    'the key is neither an npub1... text with a right checksum nor 64 hexadecimal digits',
    { remedy: 'copy the public key (npub1...) from the Nostr client once more, whole' },
  );
}
