import { DecodeError, type Decoder } from '@cl-hive/core';
import { TOPIC_MAX } from '../transports/limits.ts';

/** Messages of the hive's own wire (the bytes `HIVE` and JSON), as hexadecimal of the whole. */
export const WIRE_TOPIC = 'hive:wire';

/** Answers to management requests. */
export const ANSWER_TOPIC = 'management:answer';

const TOPIC = /^[a-z][a-z0-9]*(?:[:._-][a-z0-9]+)*$/;

/** Whether a text is a topic: lower-case words joined by `:`, `.`, `_` or `-`, at most 64 characters. */
export function isTopic(text: unknown): text is string {
  return typeof text === 'string' && text.length <= TOPIC_MAX && TOPIC.test(text);
}

/** Reads a topic. */
export const topicDecoder: Decoder<string> = (input) => {
  if (!isTopic(input)) {
    throw new DecodeError('a topic such as hive:gossip', input);
  }
  return input;
};

/**
 * Reads which topics a handler takes: one (`dmail`), or all below a word (`hive:`, also written
 * `hive:*`). Without a word before the colon it is refused: nobody takes everything.
 */
export const topicPrefixDecoder: Decoder<string> = (input) => {
  const text = typeof input === 'string' && input.endsWith(':*') ? input.slice(0, -1) : input;
  const word = typeof text === 'string' && text.endsWith(':') ? text.slice(0, -1) : text;
  if (typeof text !== 'string' || text.length > TOPIC_MAX || !isTopic(word)) {
    throw new DecodeError('a topic, or a word and a colon such as hive:', input);
  }
  return text;
};

/** Whether `prefix` covers `topic`; a word covers itself alone, never a longer word. */
export function covers(prefix: string, topic: string): boolean {
  return prefix.endsWith(':') ? topic.startsWith(prefix) : topic === prefix;
}
