import { method, p } from '@cl-hive/cln-plugin';
import type { PollOffice } from '../poll-office.ts';

/** `hive-vote`: this node's one vote in a poll. */
export const vote = (ready: () => PollOffice) =>
  method({
    description: 'Vote in a poll, once and for good',
    params: {
      poll: p.hex(32, 'the poll'),
      choice: p.int({ min: 0, max: 255 }, 'the number of the option, from 1; 0 for none of them'),
      reason: p.text({ max: 1_000 }, 'why, for everybody to read').optional(),
    },
    handle: ({ poll, choice, reason }) => ready().vote(poll, choice, reason),
  });
