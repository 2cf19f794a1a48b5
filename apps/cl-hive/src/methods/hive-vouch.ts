import { method, p } from '@cl-hive/cln-plugin';
import type { Hive } from '../hive.ts';

/** `hive-vouch`: vouches for a neophyte; more than half of the members make it one. */
export const vouch = (hive: () => Hive) =>
  method({
    description: 'Vouch for a neophyte, so that it becomes a member',
    params: { peer_id: p.nodeId('the neophyte') },
    handle: ({ peer_id }) => hive().ballots.vouch(peer_id),
  });
