import { method, p } from '@cl-hive/cln-plugin';
import type { ArchonServices } from '../services.ts';
import { did } from './did-param.ts';

/** `hive-archon-accept`: verifies a credential and keeps it: about this node, or who may manage it. */
export const archonAccept = (opened: () => ArchonServices) =>
  method({
    description: 'Verify and keep a credential: one about this node, or one that was shown to it',
    params: {
      credential: p.json('the credential'),
      status: did('the DID that is deactivated when it is revoked, where it names none').optional(),
    },
    handle: ({ credential, status }) => opened().credentialCommands.accept(credential, status),
  });
