import { method } from '@cl-hive/cln-plugin';
import type { ArchonServices } from '../services.ts';

/** `hive-archon-rotate-did`: a new DID for the node. Credentials about the old one do not move with it. */
export const archonRotateDid = (opened: () => ArchonServices) =>
  method({
    description: 'Give this node a new DID; credentials for the one before must be issued again',
    handle: async () => {
      const services = opened();
      const before = services.parts.self.current.did;
      await services.rotate('did');
      return { before, ...services.identity() };
    },
  });
