import { bytesToHex, CodedError, hexToBytes, type NodeId, nodeId } from '@cl-hive/core';
import { sha256 } from '@noble/hashes/sha2.js';
import { escapedText } from './canonical-json.ts';
import { isWellFormed } from './code-points.ts';
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
const HEX_SIGNATURE = /^[0-9a-f]{128}$/;
/** Half of secp256k1's group order, rounded down, big-endian. */
const HALF_ORDER = '7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0';

/** Why a text cannot be signed. */
export type SignedTextErrorCode = 'signed_text_too_long' | 'signed_text_not_unicode';

/**
 * The digest that lightningd's `signmessage` signs: SHA-256 twice over `Lightning Signed Message:`
 * and the text. Throws CodedError `signed_text_too_long` beyond 65,535 bytes, and
 * `signed_text_not_unicode` for half a surrogate pair, which UTF-8 would turn into another text.
 */
export function messageDigest(text: string | Uint8Array): Uint8Array {
  if (typeof text === 'string' && !isWellFormed(text)) {
    throw new CodedError<SignedTextErrorCode>(
      'signed_text_not_unicode',
      'a text that holds half a surrogate pair cannot be signed',
    );
  }
  const bytes = typeof text === 'string' ? utf8ToBytes(text) : text;
  if (bytes.length > SIGNED_TEXT_BYTES_MAX) {
    throw new CodedError<SignedTextErrorCode>(
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
  const digest = digestOf(text);
  const key = digest && curve.ecdsaRecover(digest, framed.subarray(1), recid);
  return key === undefined ? undefined : nodeId(bytesToHex(key));
}

/** The digest of a text from outside; undefined when nobody can have signed it. */
function digestOf(text: string | Uint8Array): Uint8Array | undefined {
  try {
    return messageDigest(text);
  } catch {
    return undefined;
  }
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
 * JSON escapes of its `message` parameter: `{"a":1}` sent as `"{\\"a\\":1}"` is signed with its
 * backslashes, so the bytes to verify are escaped as Python's `json.dumps` does. Another version may
 * sign the plain text. Both forms are taken.
 *
 * `signature` is a `zbase`, or the 128 hexadecimal digits of r and s that originals send in some
 * message types (they take the member `signature` of signmessage's answer before `zbase`). Without
 * the recovery id no key can be recovered, but that `signer` made it can be told as well.
 */
export function verifyEitherForm(
  text: string,
  signature: string,
  signer: NodeId,
  curve: Curve = nobleCurve,
): boolean {
  const escaped = escapedText(text);
  const verify = HEX_SIGNATURE.test(signature) ? verifyCompact : verifyMessage;
  return (
    verify(escaped, signature, signer, curve) ||
    (escaped !== text && verify(text, signature, signer, curve))
  );
}

function verifyCompact(text: string, hex: string, signer: NodeId, curve: Curve): boolean {
  const digest = digestOf(text);
  return digest !== undefined && curve.ecdsaVerify(digest, hexToBytes(hex), hexToBytes(signer));
}
