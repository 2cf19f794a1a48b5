import { method, p } from '@cl-hive/cln-plugin';
import type { ArchonServices } from '../services.ts';

/** `hive-archon-revoke`: ends a credential that this node issued, for good. */
export const archonRevoke = (opened: () => ArchonServices) =>
  method({
    description: 'Revoke a credential that this node issued; it cannot be taken back',
    params: {
      id: p.text({ match: /^[0-9a-f]{64}$/, max: 64 }, 'its id'),
      reason: p.text({ max: 500 }, 'why').default(''),
    },
    handle: ({ id, reason }) => opened().credentialCommands.revoke(id, reason),
  });
