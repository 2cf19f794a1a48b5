import { method } from '@cl-hive/cln-plugin';
import type { Hive } from '../hive.ts';

/** `hive-request-promotion`: a neophyte asks the members for their vouches. */
export const requestPromotion = (hive: () => Hive) =>
  method({
    description: 'Ask the members to vouch for this node',
    handle: () => hive().ballots.requestPromotion(),
  });
