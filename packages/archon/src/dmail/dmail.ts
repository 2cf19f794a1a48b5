import {
  createCipheriv,
  createDecipheriv,
  createECDH,
  createHash,
  type ECDH,
  hkdfSync,
} from 'node:crypto';
import {
  bytesToHex,
  CodedError,
  hex,
  hexToBytes,
  integer,
  type JsonObject,
  object,
  oneOf,
  text,
} from '@cl-hive/core';
import { canonicalJson, nobleCurve } from '@cl-hive/protocol';
import { DMAIL_BYTES_MAX } from './limits.ts';

/** Why a dmail was not made or not opened. */
export type DmailErrorCode =
  | 'dmail_malformed'
  | 'dmail_recipient'
  | 'dmail_signature'
  | 'dmail_large';

const CURVE = 'secp256k1';
const CIPHER = 'chacha20-poly1305';
const TAG_BYTES = 16;
const INFO = 'cl-hive-archon/dmail/1';
/** A key is used for one message, so that its nonce may be fixed. */
const NONCE = Buffer.alloc(12);

const decode = object({
  type: oneOf('cl-hive-dmail'),
  version: integer(1, 1),
  from: text(256),
  from_key: hex(33),
  to: text(256),
  to_key: hex(33),
  ephemeral: hex(33),
  sealed: text(2 * DMAIL_BYTES_MAX),
  signature: hex(64),
});

/** Who a dmail is from or for. */
export interface DmailParty {
  readonly did: string;
  /** The DID's key, compressed. */
  readonly key: Uint8Array;
}

function refuse(code: DmailErrorCode, message: string, remedy: string): never {
  throw new CodedError<DmailErrorCode>(code, message, { remedy });
}

function secretOf(pair: ECDH, theirs: Uint8Array, ephemeral: Uint8Array, to: Uint8Array): Buffer {
  const shared = pair.computeSecret(theirs);
  return Buffer.from(hkdfSync('sha256', shared, Buffer.concat([ephemeral, to]), INFO, 32));
}

function digestOf(envelope: JsonObject): Uint8Array {
  return createHash('sha256')
    .update(`cl-hive-archon:dmail:1:${canonicalJson(envelope)}`)
    .digest();
}

/**
 * Encrypts a message from one DID's key to another's, and signs all of it: ECDH on secp256k1 with a key
 * that is used once, HKDF-SHA256, ChaCha20-Poly1305. Throws `dmail_large`.
 */
export function sealDmail(
  message: Uint8Array,
  from: DmailParty & { readonly secret: Uint8Array },
  to: DmailParty,
): JsonObject {
  if (message.length > DMAIL_BYTES_MAX) {
    refuse('dmail_large', `a dmail holds ${DMAIL_BYTES_MAX} bytes`, 'send less at once');
  }
  const pair = createECDH(CURVE);
  pair.generateKeys();
  const ephemeral = hexToBytes(pair.getPublicKey('hex', 'compressed'));
  const cipher = createCipheriv(CIPHER, secretOf(pair, to.key, ephemeral, to.key), NONCE, {
    authTagLength: TAG_BYTES,
  });
  const sealed = Buffer.concat([cipher.update(message), cipher.final(), cipher.getAuthTag()]);
  const envelope = {
    type: 'cl-hive-dmail',
    version: 1,
    from: from.did,
    from_key: bytesToHex(from.key),
    to: to.did,
    to_key: bytesToHex(to.key),
    ephemeral: bytesToHex(ephemeral),
    sealed: sealed.toString('base64'),
  };
  const { signature } = nobleCurve.ecdsaSignRecoverable(digestOf(envelope), from.secret);
  return { ...envelope, signature: bytesToHex(signature) };
}

/** Who sent a dmail, by its own word: to be compared with the key that this DID has. */
export function dmailSender(input: unknown): { readonly did: string; readonly keyHex: string } {
  try {
    const { from, from_key: keyHex } = decode(input);
    return { did: from, keyHex };
  } catch (cause) {
    throw new CodedError<DmailErrorCode>('dmail_malformed', 'this is no dmail', { cause });
  }
}

/**
 * Opens a dmail that is for `to` and that the key of `from` signed. Throws `dmail_malformed`,
 * `dmail_recipient`, `dmail_signature`.
 */
export function openDmail(
  input: unknown,
  from: DmailParty,
  to: DmailParty & { readonly secret: Uint8Array },
): Uint8Array {
  const said = dmailSender(input);
  const { signature, ...envelope } = decode(input);
  if (envelope.to !== to.did || envelope.to_key !== bytesToHex(to.key)) {
    refuse('dmail_recipient', 'the dmail is for another DID or key', 'ask for the present key');
  }
  const signed = nobleCurve.ecdsaVerify(digestOf(envelope), hexToBytes(signature), from.key);
  if (said.did !== from.did || said.keyHex !== bytesToHex(from.key) || !signed) {
    refuse('dmail_signature', 'the dmail is not of the DID that it names', 'verify the contact');
  }
  try {
    const pair = createECDH(CURVE);
    pair.setPrivateKey(to.secret);
    const ephemeral = hexToBytes(envelope.ephemeral);
    const sealed = Buffer.from(envelope.sealed, 'base64');
    const key = secretOf(pair, ephemeral, ephemeral, to.key);
    const decipher = createDecipheriv(CIPHER, key, NONCE, { authTagLength: TAG_BYTES });
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    const body = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES));
    return Uint8Array.from(Buffer.concat([body, decipher.final()]));
  } catch (cause) {
    throw new CodedError<DmailErrorCode>('dmail_malformed', 'the dmail does not open', { cause });
  }
}
