import {
  isJsonObject,
  type JsonValue,
  type NodeId,
  stringifyJson,
  type UnixMs,
} from '@cl-hive/core';
import {
  type AnswerEnvelope,
  type AnswerReason,
  answerToJson,
  canonicalText,
  ENVELOPE_BYTES_MAX,
  utf8ToBytes,
} from '@cl-hive/protocol';
import { ANSWER_RESULT_DEPTH_MAX, ANSWER_SIGNATURE_BYTES } from '../limits.ts';
import type { OutgoingAnswer } from './command.ts';

function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}

/**
 * A result such that it has one canonical text and every reader keeps it: integers beyond 2^53 and
 * fractions become decimal texts, what is nested too deep becomes its JSON text.
 */
export function plainResult(value: JsonValue, depth = 0): JsonValue {
  switch (typeof value) {
    case 'bigint':
      return String(value);
    case 'number':
      return Number.isSafeInteger(value) ? value : String(value);
    case 'string':
      return wellFormed(value);
    case 'boolean':
      return value;
    default:
      break;
  }
  if (value === null) {
    return null;
  }
  if (depth >= ANSWER_RESULT_DEPTH_MAX) {
    return wellFormed(stringifyJson(value));
  }
  if (isJsonObject(value)) {
    const members = Object.entries(value).map(([key, member]) => [
      wellFormed(key),
      plainResult(member, depth + 1),
    ]);
    return Object.fromEntries(members) as JsonValue;
  }
  return value.map((item) => plainResult(item, depth + 1));
}

function reasonOf({ outcome }: OutgoingAnswer): AnswerReason | undefined {
  const { code, message, remedy } = outcome;
  return code === undefined
    ? undefined
    : {
        code,
        message: wellFormed(message ?? ''),
        ...(remedy === undefined || remedy === '' ? {} : { remedy }),
      };
}

/**
 * The envelope of an answer, ready to be signed (`answerSigningText`). One that would not fit into a
 * message goes out without its result, and says so.
 */
export function answerEnvelope(answer: OutgoingAnswer, node: NodeId, now: UnixMs): AnswerEnvelope {
  const { nonce, requestDigest, approval, outcome } = answer;
  const { result, receipt } = outcome;
  const reason = reasonOf(answer);
  const bare: AnswerEnvelope = {
    node,
    timestamp: Math.floor(now / 1000),
    outcome: outcome.outcome,
    ...(nonce === undefined ? {} : { nonce }),
    ...(requestDigest === undefined ? {} : { requestDigest }),
    ...(reason === undefined ? {} : { reason }),
    ...(receipt === undefined ? {} : { receipt }),
    ...(approval === undefined ? {} : { approval: String(approval) }),
  };
  if (result === undefined) {
    return bare;
  }
  const whole: AnswerEnvelope = { ...bare, result: plainResult(result) };
  const size = utf8ToBytes(canonicalText(answerToJson(whole))).length;
  return size + ANSWER_SIGNATURE_BYTES <= ENVELOPE_BYTES_MAX
    ? whole
    : {
        ...bare,
        reason: {
          code: 'result_too_large',
          message: `the result makes an answer of ${size} bytes`,
          remedy: 'ask for less, such as with a limit',
        },
      };
}
