import type { JsonObject, JsonValue, NodeId } from '@cl-hive/core';
import { ENVELOPE_VERSION } from './request.ts';

/** Value of `type` in an answer. */
export const ANSWER_TYPE = 'hive.management.answer';

/**
 * What became of a request. `unknown` says that the effect may or may not have happened and is being
 * reconciled: asking again with the same nonce tells, and does nothing more.
 */
export type AnswerOutcome =
  | 'executed'
  | 'failed'
  | 'refused'
  | 'pending'
  | 'unknown'
  | 'unsupported';

/** Why, and what would change it. */
export interface AnswerReason {
  /** From a closed list. */
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
}

/** What a node answers to a request. */
export interface AnswerEnvelope {
  readonly node: NodeId;
  /** The request's nonce; absent when it could not be read. */
  readonly nonce?: number;
  /** Digest of the request; absent when it could not be read. */
  readonly requestDigest?: string;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly outcome: AnswerOutcome;
  readonly reason?: AnswerReason;
  /** What the action gave. */
  readonly result?: JsonValue;
  /** The receipt that proves it: its number and digest. */
  readonly receipt?: { readonly seq: number; readonly digest: string };
  /** Number of the waiting approval. */
  readonly approval?: string;
  /** zbase32, by the node (`signmessage`). */
  readonly signature?: string;
}

/** The members of an answer as they are sent. */
export function answerToJson(answer: AnswerEnvelope): JsonObject {
  const { requestDigest, reason, receipt, signature, ...rest } = answer;
  return {
    type: ANSWER_TYPE,
    version: ENVELOPE_VERSION,
    ...rest,
    ...(requestDigest === undefined ? {} : { request_digest: requestDigest }),
    ...(reason === undefined ? {} : { reason: { ...reason } }),
    ...(receipt === undefined ? {} : { receipt: { ...receipt } }),
    ...(signature === undefined ? {} : { signature }),
  };
}
