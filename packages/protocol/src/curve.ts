import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';

/** An ECDSA signature that carries which of the candidate keys made it. */
export interface RecoverableSignature {
  /** r and s, 32 bytes each, big-endian; s in the lower half of the group order. */
  readonly signature: Uint8Array;
  /** Recovery id, 0 to 3. */
  readonly recid: number;
}

/**
 * secp256k1 as this project needs it, so that a faster library can take the reference's place on
 * hot paths. Digests and messages are 32 bytes, public keys 33 (x-only 32 for Schnorr), signatures
 * 64. What comes from outside (signatures, public keys) never throws: it is refused by `false` or
 * `undefined`. A secret key outside 1 to n - 1 throws RangeError.
 */
export interface Curve {
  /** The compressed public key of `secretKey`. */
  publicKey(secretKey: Uint8Array): Uint8Array;
  /** The 65 bytes (0x04, x, y) of a compressed key; undefined when it is no point of the curve. */
  decompress(publicKey: Uint8Array): Uint8Array | undefined;
  /** Deterministic (RFC 6979, SHA-256, no extra entropy), low s. */
  ecdsaSignRecoverable(digest: Uint8Array, secretKey: Uint8Array): RecoverableSignature;
  /** The compressed key that made the signature; takes high s too, as libsecp256k1 does. */
  ecdsaRecover(digest: Uint8Array, signature: Uint8Array, recid: number): Uint8Array | undefined;
  /** Whether `publicKey` made `signature`; high s is refused, as libsecp256k1 does. */
  ecdsaVerify(digest: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean;
  /** BIP 340 with the given 32 bytes of auxiliary randomness. */
  schnorrSign(message: Uint8Array, secretKey: Uint8Array, auxRand: Uint8Array): Uint8Array;
  /** BIP 340. */
  schnorrVerify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
}

function checked(secretKey: Uint8Array): Uint8Array {
  if (!secp256k1.utils.isValidSecretKey(secretKey)) {
    throw new RangeError('a secret key is 32 bytes, from 1 to the group order less 1');
  }
  return secretKey;
}

function refusing<T>(action: () => T, refusal: T): T {
  try {
    return action();
  } catch {
    return refusal;
  }
}

/** The readable reference on @noble/curves: pure, and the slowest choice. */
export const nobleCurve: Curve = {
  publicKey: (secretKey) => secp256k1.getPublicKey(checked(secretKey), true),
  decompress: (publicKey) =>
    refusing(() => secp256k1.Point.fromBytes(publicKey).toBytes(false), undefined),
  ecdsaSignRecoverable: (digest, secretKey) => {
    const bytes = secp256k1.sign(digest, checked(secretKey), {
      prehash: false,
      lowS: true,
      format: 'recovered',
      extraEntropy: false,
    });
    return { signature: bytes.slice(1), recid: bytes[0] ?? 0 };
  },
  ecdsaRecover: (digest, signature, recid) =>
    refusing(() => {
      const bytes = new Uint8Array(65);
      bytes[0] = recid;
      bytes.set(signature, 1);
      return secp256k1.recoverPublicKey(bytes, digest, { prehash: false });
    }, undefined),
  ecdsaVerify: (digest, signature, publicKey) =>
    refusing(
      () => secp256k1.verify(signature, digest, publicKey, { prehash: false, lowS: true }),
      false,
    ),
  schnorrSign: (message, secretKey, auxRand) => schnorr.sign(message, checked(secretKey), auxRand),
  schnorrVerify: (signature, message, publicKey) =>
    refusing(() => schnorr.verify(signature, message, publicKey), false),
};
