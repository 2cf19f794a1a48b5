import { method, p } from '@cl-hive/cln-plugin';
import type { Offices } from './offices.ts';

/** `hive-archon-message`: cl-hive-comms hands over what this plugin of another node sent. */
export const archonMessage = (ready: () => Offices) =>
  method({
    description: 'Take a message of another node; cl-hive-comms calls it',
    params: {
      topic: p.text({ min: 1, max: 64 }, 'what it is about'),
      payload: p.json('what it says'),
      transport: p.text({ max: 64 }, 'how it came').optional(),
      sender: p.json('the key that the transport verified').optional(),
    },
    handle: ({ topic, payload, sender }) => ready().receive(topic, payload, sender),
  });
