import { CodedError, DecodeError, type Decoder, object, oneOf, text } from '@cl-hive/core';
import { type Curve, nobleCurve } from '@cl-hive/protocol';

/** A secp256k1 public key as DID documents carry it (RFC 7517, RFC 8812). */
export interface PublicJwk {
  readonly kty: 'EC';
  readonly crv: 'secp256k1';
  /** 32 bytes each, base64url without padding. */
  readonly x: string;
  readonly y: string;
}

/** Base64url without padding (RFC 4648). */
export function toBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

/** The bytes of a base64url text; undefined for any other spelling of them, so that none has two. */
export function fromBase64url(value: string): Uint8Array | undefined {
  const bytes = Uint8Array.from(Buffer.from(value, 'base64url'));
  return toBase64url(bytes) === value ? bytes : undefined;
}

const fields = object({
  kty: oneOf('EC'),
  crv: oneOf('secp256k1'),
  x: text(64),
  y: text(64),
});

/** The compressed key (33 bytes) behind a JWK. Throws DecodeError unless it is a point of secp256k1. */
export function jwkToKey(input: unknown, curve: Curve = nobleCurve): Uint8Array {
  const { x, y } = fields(input);
  const [left, right] = [fromBase64url(x), fromBase64url(y)];
  if (left?.length !== 32 || right?.length !== 32) {
    throw new DecodeError('x and y of 32 bytes each in base64url', x);
  }
  const key = Uint8Array.of(2 + ((right[31] ?? 0) & 1), ...left);
  const point = curve.decompress(key);
  if (point === undefined || !right.every((byte, at) => byte === point[33 + at])) {
    throw new DecodeError('a point of secp256k1', x);
  }
  return key;
}

/** The JWK of a compressed key. Throws CodedError `key_invalid` unless it is a point of secp256k1. */
export function keyToJwk(key: Uint8Array, curve: Curve = nobleCurve): PublicJwk {
  const point = curve.decompress(key);
  if (point === undefined) {
    throw new CodedError('key_invalid', 'the public key is no point of secp256k1');
  }
  return {
    kty: 'EC',
    crv: 'secp256k1',
    x: toBase64url(point.subarray(1, 33)),
    y: toBase64url(point.subarray(33)),
  };
}

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;

/** A time in UTC as ISO 8601 writes it with a Z. */
export const isoTime: Decoder<string> = (input) => {
  if (typeof input !== 'string' || !ISO_TIME.test(input) || Number.isNaN(Date.parse(input))) {
    throw new DecodeError('a time such as 2026-01-01T00:00:00.000Z', input);
  }
  return input;
};
