import { DecodeError, isJsonObject, type JsonObject, object, oneOf, text } from '@cl-hive/core';
import { type Curve, nobleCurve, utf8ToBytes } from '@cl-hive/protocol';
import { sha256 } from '@noble/hashes/sha2.js';
import { canonicalDocument } from './canonical.ts';
import { isDid } from './content-id.ts';
import { fromBase64url, isoTime, toBase64url } from './jwk.ts';

/** A DID of the method `cid`. */
export type Did = `did:cid:${string}`;

/** The only suite that Archon signs with. */
export const PROOF_TYPE = 'EcdsaSecp256k1Signature2019';

/** A signature and who made it, as Archon writes them. */
export interface Proof {
  /** ISO time at which its maker says to have signed; not covered by the signature. */
  readonly created: string;
  /** DID of the signer; undefined in the create operation of an agent, which has none yet. */
  readonly signer: Did | undefined;
  /** Name of the key in the signer's document, such as `#key-1`. */
  readonly keyId: string;
  readonly purpose: 'authentication' | 'assertionMethod';
  /** r and s, 64 bytes. */
  readonly signature: Uint8Array;
}

const fields = object({
  type: oneOf(PROOF_TYPE),
  created: isoTime,
  verificationMethod: text(256),
  proofPurpose: oneOf('authentication', 'assertionMethod'),
  proofValue: text(128),
});

/** Reads a proof. Throws DecodeError. */
export function readProof(input: unknown): Proof {
  const { created, verificationMethod, proofPurpose, proofValue } = fields(input);
  const [, signer = '', keyId = ''] =
    /^([^#]*)(#[A-Za-z0-9._-]{1,64})$/.exec(verificationMethod) ?? [];
  if (keyId === '' || (signer !== '' && !isDid(signer))) {
    throw new DecodeError('a key of a DID, such as did:cid:…#key-1', verificationMethod);
  }
  const signature = fromBase64url(proofValue);
  if (signature?.length !== 64) {
    throw new DecodeError('a signature of 64 bytes in base64url', proofValue);
  }
  return {
    created,
    signer: isDid(signer) ? signer : undefined,
    keyId,
    purpose: proofPurpose,
    signature,
  };
}

/** What a proof signs: SHA-256 of the canonical form of all members but `proof`. */
export function provenDigest(document: JsonObject): Uint8Array {
  const { proof: _, ...signed } = document;
  return sha256(utf8ToBytes(canonicalDocument(signed)));
}

/** Whether `key` (compressed) made the proof over `digest`. */
export function proofHolds(
  proof: Proof,
  digest: Uint8Array,
  key: Uint8Array,
  curve: Curve = nobleCurve,
): boolean {
  return curve.ecdsaVerify(digest, proof.signature, key);
}

/** Who signs, and when. */
export interface SigningKey {
  /** 32 bytes. */
  readonly secret: Uint8Array;
  /** `did:cid:…#key-1`, or `#key-1` in the create operation of an agent. */
  readonly verificationMethod: string;
}

/** `document` with a proof by `key`; a proof that it has is replaced. Deterministic (RFC 6979). */
export function withProof<T extends JsonObject>(
  document: T,
  key: SigningKey,
  purpose: Proof['purpose'],
  created: string,
  curve: Curve = nobleCurve,
): T & { readonly proof: JsonObject } {
  const { signature } = curve.ecdsaSignRecoverable(provenDigest(document), key.secret);
  return {
    ...document,
    proof: {
      type: PROOF_TYPE,
      created,
      verificationMethod: key.verificationMethod,
      proofPurpose: purpose,
      proofValue: toBase64url(signature),
    },
  };
}

/** A JSON object. Throws DecodeError. */
export function jsonObject(input: unknown): JsonObject {
  if (!isJsonObject(input)) {
    throw new DecodeError('an object', input);
  }
  return input;
}
