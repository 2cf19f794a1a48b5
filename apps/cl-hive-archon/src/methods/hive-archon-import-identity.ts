import { method, p } from '@cl-hive/cln-plugin';
import type { ArchonServices } from '../services.ts';

/**
 * `hive-archon-import-identity`: takes over a DID that was made elsewhere. The file holds `did`, `events`
 * (its operations as a Gatekeeper exports them) and `privateJwk`, the `mnemonic` of an Archon wallet, or the
 * `seed` of its file with the `passphrase`; it has to be readable by its owner alone.
 */
export const archonImportIdentity = (opened: () => ArchonServices) =>
  method({
    description:
      'Take over a DID with its private key from a file; the one before is not used any more',
    params: {
      file: p.text({ min: 1, max: 4096 }, 'the file with did, events and its key'),
    },
    handle: ({ file }) => opened().identityCommands.importFrom(file),
  });
