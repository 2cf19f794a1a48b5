import { method, p } from '@cl-hive/cln-plugin';
import type { ArchonServices } from '../services.ts';
import { did } from './did-param.ts';

/** `hive-archon-verify`: judges a credential now: signature, issuer, schema, validity, revocation. */
export const archonVerify = (opened: () => ArchonServices) =>
  method({
    description: 'Verify a credential: signature, issuer, schema, validity and revocation',
    params: {
      credential: p.json('the credential').optional(),
      id: p.text({ match: /^[0-9a-f]{64}$/, max: 64 }, 'or one that is kept, by its id').optional(),
      status: did('the DID that is deactivated when it is revoked, where it names none').optional(),
    },
    handle: ({ credential, id, status }) =>
      credential === undefined
        ? opened().credentialCommands.verifyStored(id ?? '')
        : opened().credentialCommands.verify(credential, status),
  });
