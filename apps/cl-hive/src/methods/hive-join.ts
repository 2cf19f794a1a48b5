import { method, p } from '@cl-hive/cln-plugin';
import { TICKET_CHARS_MAX } from '@cl-hive/hive';
import type { Hive } from '../hive.ts';

/** `hive-join`: says HELLO to the member that issued a ticket. */
export const join = (hive: () => Hive) =>
  method({
    description: 'Ask to join a hive with a ticket; needs a channel with the member that made it',
    params: {
      ticket: p
        .text(
          { min: 1, max: TICKET_CHARS_MAX },
          'the whole ticket; on the command line -k ticket=…',
        )
        .asSecret(),
      peer_id: p
        .nodeId('another member to ask; by default the one that made the ticket')
        .optional(),
    },
    handle: ({ ticket, peer_id }) => hive().invitations.join(ticket, peer_id),
  });
