import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { bech32 } from '@scure/base';
import { vaultError } from './errors.ts';

const KEY_BYTES = 32;
const RECIPIENT = 'age';
const IDENTITY = 'age-secret-key-';
// DER before the 32 bytes of an X25519 key (RFC 8410).
const PRIVATE_DER = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PUBLIC_DER = Buffer.from('302a300506032b656e032100', 'hex');

function privateKey(secret: Uint8Array): KeyObject {
  const key = Buffer.concat([PRIVATE_DER, secret]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

/** The public key of 32 secret bytes (X25519). */
export function publicKeyOf(secret: Uint8Array): Uint8Array {
  const der = createPublicKey(privateKey(secret)).export({ format: 'der', type: 'spki' });
  return Uint8Array.from(der.subarray(PUBLIC_DER.length));
}

/** X25519. Throws for public keys of low order, which give a secret that everybody knows. */
export function sharedSecret(secret: Uint8Array, publicKey: Uint8Array): Uint8Array {
  const key = Buffer.concat([PUBLIC_DER, publicKey]);
  const theirs = createPublicKey({ key, format: 'der', type: 'spki' });
  return diffieHellman({ privateKey: privateKey(secret), publicKey: theirs });
}

function read(text: string, prefix: string, what: string): Uint8Array {
  try {
    const decoded = bech32.decodeToBytes(text.trim().toLowerCase());
    if (decoded.prefix === prefix && decoded.bytes.length === KEY_BYTES) {
      return decoded.bytes;
    }
  } catch {
    // Its message may repeat the text, which may be a secret with one wrong letter.
  }
  throw vaultError('vault_key_invalid', `this is no ${what}`, 'copy the key once more, whole');
}

/** The public key of a recipient, `age1…`. Throws `vault_key_invalid`. */
export function readRecipient(text: string): Uint8Array {
  return read(text, RECIPIENT, 'age recipient (age1...)');
}

/** The secret of an identity, `AGE-SECRET-KEY-1…`. Throws `vault_key_invalid`, without the text. */
export function readIdentity(text: string): Uint8Array {
  return read(text, IDENTITY, 'age identity (AGE-SECRET-KEY-1...)');
}

/** A public key as age writes it. */
export function recipientText(publicKey: Uint8Array): string {
  return bech32.encodeFromBytes(RECIPIENT, publicKey);
}

/** A secret as age writes it. */
export function identityText(secret: Uint8Array): string {
  return bech32.encodeFromBytes(IDENTITY, secret).toUpperCase();
}
