import {
  hexToBytes,
  isCodedError,
  isHex,
  isJsonObject,
  isNodeId,
  type JsonObject,
} from '@cl-hive/core';
import {
  type Curve,
  readRequest,
  requestSigningText,
  utf8ToBytes,
  verifyEitherForm,
} from '@cl-hive/protocol';
import { sha256 } from '@noble/hashes/sha2.js';

/** How a request's sender was proven; only signatures can be proven to others. */
export type ProofScheme = 'schnorr' | 'lightning' | 'hmac' | 'rune' | 'operator';

/** Whether a receipt's request carries a signature of its sender that anybody can check. */
export type ProofVerdict = 'valid' | 'invalid' | 'not_provable';

/**
 * Checks the sender's signature that an intent receipt carries in `request` (the envelope as it was
 * sent) and `proof` (`scheme` and `key`). HMACs and runes prove nothing to those without the secret,
 * and neither does a request that only its transport's wrapping vouched for.
 */
export function checkProof(data: JsonObject, curve: Curve): ProofVerdict {
  const { request, proof } = data;
  if (!isJsonObject(request) || !isJsonObject(proof)) {
    return 'not_provable';
  }
  const { scheme, key } = proof;
  if ((scheme !== 'schnorr' && scheme !== 'lightning') || typeof key !== 'string') {
    return 'not_provable';
  }
  try {
    const envelope = readRequest(request);
    const { signature } = envelope;
    if (signature === undefined) {
      return 'not_provable';
    }
    const text = requestSigningText(envelope);
    const good =
      scheme === 'lightning'
        ? isNodeId(key) && verifyEitherForm(text, signature, key, curve)
        : isHex(signature) &&
          isHex(key) &&
          curve.schnorrVerify(hexToBytes(signature), sha256(utf8ToBytes(text)), hexToBytes(key));
    return good ? 'valid' : 'invalid';
  } catch (error) {
    if (isCodedError(error)) {
      return 'invalid';
    }
    throw error;
  }
}
