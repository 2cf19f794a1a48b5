import { bytesToHex, hexToBytes } from '@cl-hive/core';
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { sha256 } from '@noble/hashes/sha2.js';

const { Point } = secp256k1;
type CurvePoint = InstanceType<typeof Point>;

const DOMAIN = new TextEncoder().encode('Secp256k1_HashToCurve_Cashu_');

/** SHA-256 of bytes, or of a text's UTF-8. */
export function digest(input: Uint8Array | string): Uint8Array {
  return sha256(typeof input === 'string' ? new TextEncoder().encode(input) : input);
}

/** The point of a secret (NUT-00 `hash_to_curve`), compressed, hexadecimal. */
export function pointOfSecret(secret: string): string {
  return hashToPoint(new TextEncoder().encode(secret)).toHex(true);
}

/** NUT-00 `hash_to_curve` of bytes. */
export function hashToPoint(message: Uint8Array): CurvePoint {
  const start = sha256(Uint8Array.from([...DOMAIN, ...message]));
  for (let counter = 0; counter < 65_536; counter += 1) {
    const tail = new Uint8Array(4);
    new DataView(tail.buffer).setUint32(0, counter, true);
    const x = sha256(Uint8Array.from([...start, ...tail]));
    try {
      return Point.fromHex(`02${bytesToHex(x)}`);
    } catch {
      // Half of all x have no point; the next is tried.
    }
  }
  throw new RangeError('no point');
}

/** A key of the mint for one amount, made from a text. */
export function keyFrom(text: string): { readonly secret: bigint; readonly publicKey: string } {
  const secret = Point.Fn.create(BigInt(`0x${bytesToHex(digest(text))}`));
  return { secret, publicKey: Point.BASE.multiply(secret).toHex(true) };
}

/** The blind signature of a blinded message. Throws on what is no point. */
export function signBlinded(blinded: string, secret: bigint): string {
  return Point.fromHex(blinded).multiply(secret).toHex(true);
}

/** Whether `signature` is the mint's own on `secretText`. */
export function isSigned(secretText: string, signature: string, secret: bigint): boolean {
  try {
    const expected = hashToPoint(new TextEncoder().encode(secretText)).multiply(secret);
    return Point.fromHex(signature).equals(expected);
  } catch {
    return false;
  }
}

/** The proof that a blind signature was made with the key of its amount (NUT-12). */
export function proveEqual(blinded: string, secret: bigint): { readonly e: string; s: string } {
  const message = Point.fromHex(blinded);
  const nonce = Point.Fn.create(BigInt(`0x${bytesToHex(digest(`${blinded}${secret}`))}`));
  const points = [
    Point.BASE.multiply(nonce),
    message.multiply(nonce),
    Point.BASE.multiply(secret),
    message.multiply(secret),
  ];
  const challenge = digest(points.map((point) => point.toHex(false)).join(''));
  const e = Point.Fn.create(BigInt(`0x${bytesToHex(challenge)}`));
  const s = Point.Fn.create(nonce + e * secret);
  return { e: bytesToHex(challenge), s: s.toString(16).padStart(64, '0') };
}

/** Whether `signature` is BIP 340 by `publicKey` (33 bytes) on the SHA-256 of `message`. */
export function isSignedBy(signature: string, message: string, publicKey: string): boolean {
  try {
    const key = hexToBytes(publicKey).subarray(1);
    return schnorr.verify(hexToBytes(signature), digest(message), key);
  } catch {
    return false;
  }
}
