import { method, p } from '@cl-hive/cln-plugin';
import type { Hive } from '../hive.ts';
import { TICKET_HOURS_MAX } from '../limits.ts';

/** `hive-invite`: a ticket for one candidate, in the original's format. */
export const invite = (hive: () => Hive) =>
  method({
    description: 'Make a ticket with which one node can join; it needs a channel with this node',
    params: {
      valid_hours: p.int({ min: 1, max: TICKET_HOURS_MAX }, 'how long it is valid').default(24),
      requirements: p.int({ min: 0, max: 15 }, 'bits of features; the original’s').default(0),
      tier: p
        .oneOf(['neophyte', 'member'], 'always neophyte: members are made by vouches')
        .default('neophyte'),
      peer_id: p
        .nodeId('a node that may join without showing the ticket, as originals do')
        .optional(),
    },
    handle: ({ valid_hours, requirements, tier, peer_id }) =>
      hive().invitations.invite(valid_hours, requirements, tier, peer_id),
  });
