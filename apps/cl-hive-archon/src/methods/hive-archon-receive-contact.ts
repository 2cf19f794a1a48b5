import { method, p } from '@cl-hive/cln-plugin';
import { object, text } from '@cl-hive/core';
import type { ArchonServices } from '../services.ts';

const sender = object({ scheme: text(16), key: text(256) });

/** `hive-archon-receive-contact`: cl-hive-comms hands over what peers send about identity. */
export const archonReceiveContact = (opened: () => ArchonServices) =>
  method({
    description: 'Take a message of a peer about identity (called by cl-hive-comms)',
    params: {
      topic: p.text({ max: 64 }, 'its topic'),
      payload: p.json('what it says'),
      transport: p.text({ max: 64 }, 'over which transport it came'),
      sender: p
        .custom((input) => (input === null ? undefined : sender(input)), 'who sent it')
        .optional(),
    },
    handle: async ({ payload, sender: from }) => {
      await opened().parts.contacts.receive(payload, from);
      return {};
    },
  });
