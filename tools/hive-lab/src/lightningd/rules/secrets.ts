import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';

const DERIVED = new TextEncoder().encode('derived secrets');

/** What `makesecret` answers: HKDF-SHA256 over a secret that itself derives from the HSM's. */
export function deriveSecret(hsmSecret: Uint8Array, info: Uint8Array): Uint8Array {
  const base = hkdf(sha256, hsmSecret, undefined, DERIVED, 32);
  return hkdf(sha256, base, undefined, info, 32);
}
