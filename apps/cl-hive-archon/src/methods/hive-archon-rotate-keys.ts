import { method } from '@cl-hive/cln-plugin';
import type { ArchonServices } from '../services.ts';

/** `hive-archon-rotate-keys`: the next key for the same DID; what the old one signed before stays valid. */
export const archonRotateKeys = (opened: () => ArchonServices) =>
  method({
    description: 'Replace the key of the DID of this node; the DID stays the same',
    handle: async () => {
      const services = opened();
      await services.rotate('keys');
      return services.identity();
    },
  });
