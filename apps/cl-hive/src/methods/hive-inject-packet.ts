import { method, p } from '@cl-hive/cln-plugin';
import { hexToBytes, isHex, isNodeId, type JsonObject } from '@cl-hive/core';
import type { Hive } from '../hive.ts';
import { TOPIC_MAX, WIRE_HEX_MAX } from '../limits.ts';

/**
 * `hive-inject-packet`: a sibling hands over what came in for the hive: `topic` `hive:wire` with the
 * whole message in hexadecimal, or another topic of `hive:` with JSON. It counts only from a sender
 * whose node key the transport verified. Answers what became of it, and never fails for what a peer sent.
 */
export const injectPacket = (ready: () => Hive) =>
  method({
    description: 'Take a message in that a sibling received for the hive',
    params: {
      payload: p.json('the message: hexadecimal for hive:wire, else JSON'),
      source: p.text({ max: 256 }, 'older callers: the node that sent it').optional(),
      topic: p.text({ max: TOPIC_MAX }, 'hive:wire, or a topic below hive:').default('hive:wire'),
      transport: p.text({ max: 64 }, 'over which transport it came').optional(),
      sender: p.json('the key that the transport verified, and its scheme').optional(),
    },
    handle: async ({ payload, topic, sender }): Promise<JsonObject> => {
      const hive = ready();
      const from = senderOf(sender);
      if (from === undefined) {
        return { outcome: 'refused', reason: 'no_verified_sender' };
      }
      if (topic !== 'hive:wire') {
        const word = topic.startsWith('hive:') ? topic.slice('hive:'.length) : topic;
        return { outcome: await hive.dispatcher.takeNative({ from, topic: word, payload }) };
      }
      if (typeof payload !== 'string' || payload.length > WIRE_HEX_MAX || !isHex(payload)) {
        return { outcome: 'refused', reason: 'not_hexadecimal' };
      }
      return { outcome: await hive.dispatcher.take(from, hexToBytes(payload)) };
    },
  });

function senderOf(sender: unknown) {
  if (typeof sender !== 'object' || sender === null) {
    return undefined;
  }
  const { scheme, key } = sender as { readonly scheme?: unknown; readonly key?: unknown };
  return scheme === 'lightning' && isNodeId(key) ? key : undefined;
}
