import { method, p } from '@cl-hive/cln-plugin';
import type { ArchonServices } from '../services.ts';

/** `hive-archon-sign-message`: signs a sibling's text with the DID's key; only registered purposes. */
export const archonSignMessage = (opened: () => ArchonServices) =>
  method({
    description: 'Sign a text with the key of the DID; it has to begin with a registered tag',
    params: { message: p.text({ min: 1, max: 1024 }, 'the text') },
    handle: ({ message }) => opened().identityCommands.signMessage(message),
  });
