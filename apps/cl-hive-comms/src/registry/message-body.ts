import {
  bytesToHex,
  hexToBytes,
  isHex,
  isJsonObject,
  type JsonValue,
  parseJson,
  stringifyJson,
} from '@cl-hive/core';
import { ANSWER_TYPE, bytesToUtf8, isHiveMessage, utf8ToBytes } from '@cl-hive/protocol';
import { MESSAGE_BYTES_MAX } from '../transports/limits.ts';
import { ANSWER_TOPIC, isTopic, WIRE_TOPIC } from './topic.ts';

/** Value of `type` in a message between siblings of two nodes. */
export const MESSAGE_TYPE = 'hive.comms.message';

/** What bytes are: a message for whoever handles its topic, or something for the pipeline to judge. */
export type MessageBody =
  | { readonly kind: 'message'; readonly topic: string; readonly payload: JsonValue }
  | { readonly kind: 'request' }
  /** A message of ours that cannot be understood; nobody is answered. */
  | { readonly kind: 'malformed'; readonly reason: string };

function malformed(reason: string): MessageBody {
  return { kind: 'malformed', reason };
}

function parsed(body: Uint8Array): JsonValue | undefined {
  const text = bytesToUtf8(body);
  try {
    return text === undefined ? undefined : parseJson(text);
  } catch {
    return undefined;
  }
}

/**
 * Tells what arrived. Whatever is no message of ours is a request, so that its sender gets the
 * pipeline's refusal; answers never are, so that two nodes cannot answer each other for ever. What is
 * too large is not read.
 */
export function readBody(body: Uint8Array): MessageBody {
  if (body.length > MESSAGE_BYTES_MAX) {
    return { kind: 'request' };
  }
  if (isHiveMessage(body)) {
    return { kind: 'message', topic: WIRE_TOPIC, payload: bytesToHex(body) };
  }
  const value = parsed(body);
  if (!isJsonObject(value)) {
    return { kind: 'request' };
  }
  switch (value['type']) {
    case MESSAGE_TYPE: {
      const { version, topic, payload } = value;
      if (version !== 1) {
        return malformed('its version is not 1');
      }
      return isTopic(topic) && topic !== WIRE_TOPIC && topic !== ANSWER_TOPIC
        ? { kind: 'message', topic, payload: payload ?? null }
        : malformed('its topic is none');
    }
    case ANSWER_TYPE:
      return { kind: 'message', topic: ANSWER_TOPIC, payload: value };
    default:
      return { kind: 'request' };
  }
}

/**
 * The bytes of a message, 1 to 65,535; undefined when the payload makes more, or is not what the topic
 * `hive:wire` takes: hexadecimal of a message that begins with `HIVE`.
 */
export function writeBody(topic: string, payload: JsonValue): Uint8Array | undefined {
  if (topic === WIRE_TOPIC) {
    const isText = typeof payload === 'string' && payload.length <= 2 * MESSAGE_BYTES_MAX;
    const bytes = isText && isHex(payload) ? hexToBytes(payload) : undefined;
    return bytes !== undefined && isHiveMessage(bytes) ? bytes : undefined;
  }
  const value =
    topic === ANSWER_TOPIC ? payload : { type: MESSAGE_TYPE, version: 1, topic, payload };
  const bytes = utf8ToBytes(stringifyJson(value));
  return bytes.length <= MESSAGE_BYTES_MAX ? bytes : undefined;
}
