import type { NodeId, UnixMs } from '@cl-hive/core';
import { type EventTemplate, KINDS } from '@cl-hive/nostr-transport';
import { canonicalText } from '@cl-hive/protocol';

/** Which Nostr key of a node takes the place of which. */
export interface HandOver {
  readonly node: NodeId;
  /** x-only public keys. */
  readonly from: string;
  readonly to: string;
  readonly at: UnixMs;
}

/** What the node signs (`signmessage`): anybody who knows the node's id can check it with `checkmessage`. */
export function handOverText({ node, from, to, at }: HandOver): string {
  const seconds = Math.floor(at / 1000);
  return `cl-hive identity hand-over v1: node ${node} replaces Nostr key ${from} by ${to} at ${seconds}`;
}

/**
 * The event that tells a hand-over; signed by the old key, and once more by the new one. Its `zbase`
 * is the node's own word, which holds also where the old key is known to somebody else.
 */
export function handOverEvent(handOver: HandOver, zbase: string, now: UnixMs): EventTemplate {
  const { node, from, to } = handOver;
  return {
    kind: KINDS.handOver,
    created_at: Math.floor(now / 1000),
    tags: [
      ['p', to],
      ['p', from],
    ],
    content: canonicalText({
      type: 'hive.identity.hand_over',
      version: 1,
      node,
      from,
      to,
      statement: handOverText(handOver),
      zbase,
    }),
  };
}
