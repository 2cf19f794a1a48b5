import { method, p } from '@cl-hive/cln-plugin';
import type { ArchonServices } from '../services.ts';

/** `hive-archon-prune`: forgets credentials that ended or were revoked long ago. */
export const archonPrune = (opened: () => ArchonServices) =>
  method({
    description: 'Forget credentials that ended or were revoked more than so many days ago',
    params: { days: p.int({ min: 1, max: 3650 }, 'how long they are kept').default(90) },
    handle: ({ days }) => opened().credentialCommands.prune(days),
  });
