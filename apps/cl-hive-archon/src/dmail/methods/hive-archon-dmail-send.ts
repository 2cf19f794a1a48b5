import { method, p } from '@cl-hive/cln-plugin';
import type { DmailDesk } from '../dmail-desk.ts';

/** `hive-archon-dmail-send`: for cl-hive-comms, sends a message by dmail. */
export const dmailSend = (ready: () => DmailDesk) =>
  method({
    description: 'Send a message from DID to DID; cl-hive-comms calls it',
    params: {
      target: p.anyObject('whom: node, nostr, did'),
      message: p.text({ min: 1, max: 65_535 }, 'the message'),
    },
    handle: ({ target, message }) => ready().send(target, message),
  });
