import { method, p } from '@cl-hive/cln-plugin';
import type { ArchonServices } from '../services.ts';

/** `hive-archon-present`: shows a kept credential to a peer, which keeps it if it believes the issuer. */
export const archonPresent = (ready: () => ArchonServices) =>
  method({
    description: 'Show a credential to a peer; it keeps it if it believes the issuer',
    params: {
      id: p.text({ match: /^[0-9a-f]{64}$/, max: 64 }, 'the credential, by its id'),
      node: p.nodeId('to whom'),
    },
    handle: ({ id, node }) => ready().credentialCommands.present(id, { node }),
  });
