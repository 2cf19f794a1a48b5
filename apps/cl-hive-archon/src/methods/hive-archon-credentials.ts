import { method, p } from '@cl-hive/cln-plugin';
import type { ArchonServices } from '../services.ts';
import { did } from './did-param.ts';

/** `hive-archon-credentials`: what this node issued, holds and was shown, the newest first. */
export const archonCredentials = (opened: () => ArchonServices) =>
  method({
    description: 'List the credentials that this node issued, holds or was shown',
    params: {
      role: p.oneOf(['issued', 'held', 'shown'], 'only these').optional(),
      subject: did('only about this DID').optional(),
      issuer: did('only by this DID').optional(),
      limit: p.int({ min: 1, max: 1000 }, 'at most so many').default(100),
    },
    handle: (filter) => opened().credentialCommands.list(filter),
  });
