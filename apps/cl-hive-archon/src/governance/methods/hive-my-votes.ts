import { method } from '@cl-hive/cln-plugin';
import type { PollOffice } from '../poll-office.ts';

/** `hive-my-votes`: what this node voted. */
export const myVotes = (opened: () => PollOffice) =>
  method({
    description: 'What this node voted',
    handle: () => opened().myVotes(),
  });
