import { method, p } from '@cl-hive/cln-plugin';
import type { CommsTransports } from '../../transports/comms-transports.ts';
import { TRANSPORT_ID_MAX } from '../../transports/limits.ts';
import { topicDecoder } from '../topic.ts';

/** Parameters that name whom a message is for, or from whom it came. */
export const TARGET_PARAMS = {
  node: p.nodeId('a Lightning node').optional(),
  nostr: p.text({ max: 128 }, 'a Nostr key (npub1... or hexadecimal)').optional(),
  did: p.text({ max: 256 }, 'a DID').optional(),
} as const;

/** `hive-comms-send`: sends a message over the transport that suits it, and says which and why. */
export const send = (ready: () => CommsTransports) =>
  method({
    description: 'Send a message to a node, a Nostr key or a DID, over the best transport',
    params: {
      topic: p.custom(topicDecoder, 'what it is about, such as hive:gossip'),
      payload: p.json('any JSON; for hive:wire the whole message in hexadecimal'),
      ...TARGET_PARAMS,
      sensitivity: p
        .oneOf(['routine', 'sensitive'], 'sensitive: rather what only the recipient can read')
        .default('routine'),
      transport: p
        .text({ min: 1, max: TRANSPORT_ID_MAX }, 'this transport and no other')
        .optional(),
    },
    handle: (message) => ready().send(message),
  });
