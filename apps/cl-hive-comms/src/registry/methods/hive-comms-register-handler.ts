import { method, p } from '@cl-hive/cln-plugin';
import type { CommsTransports } from '../../transports/comms-transports.ts';
import { METHOD_NAME_MAX } from '../../transports/limits.ts';
import { topicPrefixDecoder } from '../topic.ts';

/**
 * `hive-comms-register-handler`: has messages of a topic, or of all below a word (`hive:*`), handed to a
 * sibling's method as `topic`, `payload`, `transport` and `sender` (the key that the transport verified,
 * with its scheme; null where it vouches for nobody).
 */
export const registerHandler = (ready: () => CommsTransports) =>
  method({
    description: 'Have incoming messages of a topic handed to a method of another plugin',
    params: {
      topic: p.custom(topicPrefixDecoder, 'a topic, or hive:* for all of them'),
      method: p.text({ min: 1, max: METHOD_NAME_MAX }, 'the method to call'),
    },
    handle: ({ topic, method }) => ready().registerHandler(topic, method),
  });
