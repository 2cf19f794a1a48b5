import { method, p } from '@cl-hive/cln-plugin';
import type { CommsServices } from '../services.ts';

/** `hive-comms-attest`: the Nostr key signs that it belongs to a DID, and can sign nothing else here. */
export const commsAttest = (ready: () => CommsServices) =>
  method({
    description:
      'Sign with the Nostr key that it belongs to a DID of this node (for cl-hive-archon)',
    params: {
      did: p.text({ match: /^did:cid:[a-z2-7]{20,120}$/, max: 128 }, 'the DID'),
      created: p.text(
        { match: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, max: 24 },
        'the time that it states',
      ),
    },
    handle: ({ did, created }) => ready().identity.attest(did, created),
  });
