import { type Decoded, isNodeId, object, oneOf, text } from '@cl-hive/core';
import { verifyEitherForm } from '@cl-hive/protocol';

/** A signature over a digest, with the key that made it. */
export const decodeSignature = object({
  kind: oneOf('node', 'ed25519'),
  /** Node id, or public key in hexadecimal. */
  key: text(200),
  /** `zbase` of signmessage, or 128 hexadecimal digits. */
  signature: text(200),
});
export type Signature = Decoded<typeof decodeSignature>;

/** Verifies an Ed25519 signature; given by the caller, who has a cryptography library. */
export type VerifyEd25519 = (message: string, publicKey: string, signature: string) => boolean;

/** The text that is signed: it says what it is for, so that no signature serves two ends. */
export function signedText(purpose: SignedPurpose, digest: string): string {
  return `hive-gate ${purpose} ${digest}`;
}

/** What a signature may be for. */
export type SignedPurpose = 'report' | 'approval' | 'rollout';

/** How gates.yaml names a key. */
export function keyName({ kind, key }: Signature): string {
  return `${kind}:${key}`;
}

/** Whether the key that it names made the signature. */
export function verifySignature(
  purpose: SignedPurpose,
  digest: string,
  { kind, key, signature }: Signature,
  ed25519: VerifyEd25519,
): boolean {
  const message = signedText(purpose, digest);
  return kind === 'node'
    ? isNodeId(key) && verifyEitherForm(message, signature, key)
    : /^[0-9a-f]{64}$/.test(key) &&
        /^[0-9a-f]{128}$/.test(signature) &&
        ed25519(message, key, signature);
}
