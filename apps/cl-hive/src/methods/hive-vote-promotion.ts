import { method, p } from '@cl-hive/cln-plugin';
import type { Hive } from '../hive.ts';

/**
 * `hive-vote-promotion` and `hive-propose-promotion`: the original's other names for a vouch of this
 * node. Nobody votes in another's name: a second node id is refused.
 */
export const votePromotion = (hive: () => Hive, second: 'voter_peer_id' | 'proposer_peer_id') =>
  method({
    description: 'Vouch for a neophyte (the same as hive-vouch)',
    params: {
      target_peer_id: p.nodeId('the neophyte'),
      [second]: p.nodeId('only this node itself').optional(),
    },
    handle: async (params) => {
      const { target_peer_id: target, [second]: voter } = params as Readonly<
        Record<string, ReturnType<typeof hive>['self'] | undefined>
      >;
      const { ballots, self } = hive();
      if (target === undefined || (voter !== undefined && voter !== self)) {
        return {
          error: 'not_this_node',
          message: 'a node votes only for itself',
          remedy: `leave ${second} out, or run it on that node`,
        };
      }
      return ballots.vouch(target);
    },
  });
