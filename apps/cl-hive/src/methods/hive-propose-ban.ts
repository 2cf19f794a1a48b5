import { method, p } from '@cl-hive/cln-plugin';
import type { Hive } from '../hive.ts';
import { REASON_MAX } from '../limits.ts';

/** `hive-propose-ban`: proposes to ban a member; more than half of the others have to agree. */
export const proposeBan = (hive: () => Hive) =>
  method({
    description:
      'Propose to ban a member; nothing happens before more than half of the members agree',
    params: {
      peer_id: p.nodeId('the member'),
      reason: p.text({ min: 1, max: REASON_MAX }, 'why').default('no reason given'),
    },
    handle: ({ peer_id, reason }) => hive().ballots.proposeBan(peer_id, reason),
  });
