import { method } from '@cl-hive/cln-plugin';
import type { Hive } from '../hive.ts';
import { gossipView } from '../views/gossip-view.ts';

/** `hive-gossip-stats`: versions of all states, as the original shows them. */
export const gossipStats = (hive: () => Hive) =>
  method({
    description: 'Versions of the members’ states, and when this node gossiped last',
    handle: () => gossipView(hive()),
  });
