import { method, p } from '@cl-hive/cln-plugin';
import type { PollOffice } from '../poll-office.ts';

/** `hive-poll-list`: polls that this node knows, and results of pruned ones. */
export const pollList = (opened: () => PollOffice) =>
  method({
    description: 'The polls that this node knows',
    params: {
      which: p.oneOf(['open', 'closed', 'all'], 'which of them').default('all'),
      limit: p.int({ min: 1, max: 200 }, 'how many').default(50),
    },
    handle: ({ which, limit }) => opened().list(which, limit),
  });
