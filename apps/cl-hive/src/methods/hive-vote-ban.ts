import { method, p } from '@cl-hive/cln-plugin';
import type { Hive } from '../hive.ts';

/** `hive-vote-ban`: votes on a ban; silence is not consent. */
export const voteBan = (hive: () => Hive) =>
  method({
    description: 'Vote on a ban that was proposed',
    params: {
      proposal_id: p.text({ min: 1, max: 64, match: /^[0-9a-f]+$/ }, 'see hive-pending-bans'),
      vote: p.oneOf(['approve', 'reject'], 'approve stays; reject may still become approve'),
    },
    handle: ({ proposal_id, vote }) => hive().ballots.voteBan(proposal_id, vote),
  });
