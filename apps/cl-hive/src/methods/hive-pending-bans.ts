import { method } from '@cl-hive/cln-plugin';
import type { Hive } from '../hive.ts';
import { proposalView } from '../membership/vote-views.ts';

/** `hive-pending-bans`: bans that are being voted on. */
export const pendingBans = (hive: () => Hive) =>
  method({
    description: 'Bans that are being voted on, with the votes so far',
    handle: () => {
      const { membership, self } = hive();
      const { proposals, members } = membership.view();
      const views = [...proposals].map(([id, proposal]) => ({
        ...proposalView(id, proposal, self),
        target_tier: members.get(proposal.target)?.tier ?? 'unknown',
      }));
      return { count: views.length, proposals: views };
    },
  });
