import { method, p } from '@cl-hive/cln-plugin';
import type { ArchonServices } from '../services.ts';

/** `hive-archon-prune`: forgets credentials that ended or were revoked long ago, and polls but for their results. */
export const archonPrune = (opened: () => ArchonServices) =>
  method({
    description:
      'Forget credentials that ended, and polls that were closed, more than so many days ago',
    params: { days: p.int({ min: 1, max: 3650 }, 'how long they are kept').default(90) },
    handle: async ({ days }) => {
      const { credentialCommands, offices } = opened();
      return { ...(await credentialCommands.prune(days)), polls: await offices.polls.prune(days) };
    },
  });
