import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { CodedError } from '@cl-hive/core';

/** Why a sealed secret could not be opened. */
export type SealErrorCode = 'seal_broken';

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + NONCE_BYTES;

/**
 * Encrypts `secret` under `key` (32 bytes): version, nonce, AES-256-GCM ciphertext, tag. `context` is
 * authenticated: a sealed value copied to another place does not open there.
 */
export function seal(secret: Uint8Array, key: Uint8Array, context: string): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(context, 'utf8'));
  const body = Buffer.concat([cipher.update(secret), cipher.final()]);
  return Buffer.concat([Uint8Array.of(VERSION), nonce, body, cipher.getAuthTag()]);
}

/** Opens what {@link seal} made. Throws CodedError `seal_broken` for another key, context or any changed byte. */
export function unseal(sealed: Uint8Array, key: Uint8Array, context: string): Uint8Array {
  try {
    if (sealed[0] !== VERSION || sealed.length < HEADER_BYTES + TAG_BYTES) {
      throw new RangeError('not a sealed secret of this version');
    }
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, HEADER_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(context, 'utf8'));
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    const body = sealed.subarray(HEADER_BYTES, sealed.length - TAG_BYTES);
    return Uint8Array.from(Buffer.concat([decipher.update(body), decipher.final()]));
  } catch (cause) {
    throw new CodedError<SealErrorCode>(
      'seal_broken',
      'a stored secret does not open with this node’s own',
      {
        remedy: 'run the plugin on the node that stored it, or import the secret again',
        cause,
      },
    );
  }
}
