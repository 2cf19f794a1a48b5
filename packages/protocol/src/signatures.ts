import { bytesToHex, CodedError, type NodeId, nodeId } from '@cl-hive/core';
import { sha256 } from '@noble/hashes/sha2.js';
import { escapedText } from './canonical-json.ts';
import { type Curve, nobleCurve } from './curve.ts';
import { SIGNED_TEXT_BYTES_MAX } from './limits.ts';
import { utf8ToBytes } from './utf8.ts';
import { decodeZbase32, encodeZbase32 } from './zbase32.ts';

/** What lightningd's `signmessage` answers. */
export interface MessageSignature {
  /** r and s as 128 hexadecimal digits. */
  readonly signature: string;
  /** Recovery id as two hexadecimal digits, `00` to `03`. */
  readonly recid: string;
  /** zbase32 of the byte 31 + recovery id, then r and s: 104 digits. */
  readonly zbase: string;
}

const PREFIX = utf8ToBytes('Lightning Signed Message:');
const SIGNATURE_CHARS = 104;
const RECID_BASE = 31;
/** Half of secp256k1's group order, rounded down, big-endian. */
const HALF_ORDER = '7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0';

/**
 * The digest that lightningd's `signmessage` signs: SHA-256 twice over `Lightning Signed Message:`
 * and the text. Throws CodedError `signed_text_too_long` beyond 65,535 bytes.
 */
export function messageDigest(text: string | Uint8Array): Uint8Array {
  const bytes = typeof text === 'string' ? utf8ToBytes(text) : text;
  if (bytes.length > SIGNED_TEXT_BYTES_MAX) {
    throw new CodedError(
      'signed_text_too_long',
      `a text of ${bytes.length} bytes cannot be signed: lightningd takes ${SIGNED_TEXT_BYTES_MAX}`,
      { remedy: 'sign a hash of the text' },
    );
  }
  const input = new Uint8Array(PREFIX.length + bytes.length);
  input.set(PREFIX);
  input.set(bytes, PREFIX.length);
  return sha256(sha256(input));
}

/**
 * Signs as lightningd's `signmessage` does: deterministic (RFC 6979), low s. lightningd signs a
 * text of its JSON request as it stands there, escapes and all: see {@link verifyEitherForm}.
 * Throws CodedError `signed_text_too_long`, RangeError for an invalid secret key.
 */
export function signMessage(
  text: string | Uint8Array,
  secretKey: Uint8Array,
  curve: Curve = nobleCurve,
): MessageSignature {
  const { signature, recid } = curve.ecdsaSignRecoverable(messageDigest(text), secretKey);
  const framed = new Uint8Array(1 + signature.length);
  framed[0] = RECID_BASE + recid;
  framed.set(signature, 1);
  return {
    signature: bytesToHex(signature),
    recid: `0${recid}`,
    zbase: encodeZbase32(framed),
  };
}

/**
 * The key that signed `text`; undefined when `zbase` is no signature. Any well-formed signature
 * gives some key, so compare it with the one that is expected. High s is refused: lightningd never
 * makes it, and a second spelling of one signature would pass for a second signature.
 */
export function recoverMessage(
  text: string | Uint8Array,
  zbase: string,
  curve: Curve = nobleCurve,
): NodeId | undefined {
  const framed = zbase.length === SIGNATURE_CHARS ? decodeZbase32(zbase) : undefined;
  const recid = (framed?.[0] ?? 0) - RECID_BASE;
  if (framed === undefined || recid < 0 || recid > 3 || hasHighS(framed)) {
    return undefined;
  }
  const bytes = typeof text === 'string' ? utf8ToBytes(text) : text;
  if (bytes.length > SIGNED_TEXT_BYTES_MAX) {
    return undefined;
  }
  const key = curve.ecdsaRecover(messageDigest(bytes), framed.subarray(1), recid);
  return key === undefined ? undefined : nodeId(bytesToHex(key));
}

function hasHighS(framed: Uint8Array): boolean {
  return bytesToHex(framed.subarray(33)) > HALF_ORDER;
}

/** Whether `signer` signed exactly these bytes, as lightningd's `checkmessage` sees it. */
export function verifyMessage(
  text: string | Uint8Array,
  zbase: string,
  signer: NodeId,
  curve: Curve = nobleCurve,
): boolean {
  return recoverMessage(text, zbase, curve) === signer;
}

/**
 * Whether `signer` signed `text` through the RPC of any lightningd. Version 26.06 does not undo the
 * JSON escapes of its `message` parameter, so a text that holds quotes was signed with backslashes,
 * escaped as Python's `json.dumps` does; another version may sign the plain text. Both are taken.
 */
export function verifyEitherForm(
  text: string,
  zbase: string,
  signer: NodeId,
  curve: Curve = nobleCurve,
): boolean {
  const escaped = escapedText(text);
  return (
    verifyMessage(escaped, zbase, signer, curve) ||
    (escaped !== text && verifyMessage(text, zbase, signer, curve))
  );
}
