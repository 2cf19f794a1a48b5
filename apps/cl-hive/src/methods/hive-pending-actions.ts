import { method } from '@cl-hive/cln-plugin';
import type { Openings } from '../openings/openings.ts';

/** `hive-pending-actions`: what waits for a person, the oldest first. */
export const pendingActions = (ready: () => Openings) =>
  method({
    description: 'What waits for your yes or no: channels to open, splices, closes',
    handle: async () => {
      const actions = await ready().actions.pending();
      return { count: actions.length, actions };
    },
  });
