import { method, p } from '@cl-hive/cln-plugin';
import type { Hive } from '../hive.ts';
import { contributionView } from '../views/members-view.ts';

/** `hive-contribution`: what a member's forwards through this node come to, over 30 days. */
export const contribution = (hive: () => Hive) =>
  method({
    description: 'What a member forwarded through this node, and received from it, in 30 days',
    params: { peer_id: p.nodeId('a member; this node when left out').optional() },
    handle: ({ peer_id }) => contributionView(hive(), peer_id ?? hive().self),
  });
