import { method, p } from '@cl-hive/cln-plugin';
import type { ArchonServices } from '../services.ts';
import { PROOF_PARAMS } from './proof-params.ts';

/**
 * `hive-archon-bind-nostr`: binds a Nostr key to the DID; without parameters that of cl-hive-comms. Another
 * key signs the text of the first answer: BIP 340 over its SHA-256, or an event with it as content.
 */
export const archonBindNostr = (opened: () => ArchonServices) =>
  method({
    description: 'Bind a Nostr key to the DID of this node, once the key has signed for it',
    params: {
      nostr: p
        .text({ match: /^[0-9a-f]{64}$/, max: 64 }, 'another key, 64 hexadecimal digits')
        .optional(),
      ...PROOF_PARAMS,
      event: p.json('a signed event with the text as its content').optional(),
    },
    handle: ({ nostr, ...proof }) => opened().identityCommands.bind('nostr', nostr, proof),
  });
