import { method, p } from '@cl-hive/cln-plugin';
import type { PollOffice } from '../poll-office.ts';

/** `hive-poll-status`: a poll and its tally; with `ballots` all that is needed to count it again. */
export const pollStatus = (opened: () => PollOffice) =>
  method({
    description: 'How a poll stands',
    params: {
      poll: p.hex(32, 'the poll'),
      ballots: p.bool('with the signed ballots, from which anyone can count again').default(false),
    },
    handle: ({ poll, ballots }) => opened().status(poll, ballots),
  });
