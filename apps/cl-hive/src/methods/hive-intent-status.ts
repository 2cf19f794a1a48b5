import { method } from '@cl-hive/cln-plugin';
import type { Openings } from '../openings/openings.ts';

/** `hive-intent-status`: intents of this node and of others, in the original's words. */
export const intentStatus = (ready: () => Openings) =>
  method({
    description: 'Intents to open channels: of this node, and of others as far as it knows them',
    handle: () => ready().intentStatus(),
  });
