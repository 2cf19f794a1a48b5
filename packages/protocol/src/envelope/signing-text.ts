import { bytesToHex, type JsonObject } from '@cl-hive/core';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '../utf8.ts';
import { type AnswerEnvelope, answerToJson } from './answer.ts';
import { canonicalText } from './canonical.ts';
import { type RequestEnvelope, requestToJson } from './request.ts';

function digest(json: JsonObject): string {
  const { signature: _, ...bound } = json;
  return bytesToHex(sha256(utf8ToBytes(canonicalText(bound))));
}

/** SHA-256, in hexadecimal, of all that a request's signature binds, in canonical form. */
export function requestDigest(request: RequestEnvelope): string {
  return digest(requestToJson(request));
}

/**
 * The text that the sender of a request signs. It names protocol, kind and version, and holds no
 * character that JSON escapes: every lightningd signs it alike, and no other text of the fleet can
 * be taken for it.
 */
export function requestSigningText(request: RequestEnvelope): string {
  return `cl-hive/management-request/v1:${requestDigest(request)}`;
}

/** The text that the node signs under an answer. */
export function answerSigningText(answer: AnswerEnvelope): string {
  return `cl-hive/management-answer/v1:${digest(answerToJson(answer))}`;
}
