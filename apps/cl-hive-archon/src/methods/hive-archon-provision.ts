import { method, p } from '@cl-hive/cln-plugin';
import type { ArchonServices } from '../services.ts';

/** `hive-archon-provision`: the node's DID, which is made by itself on the first start. */
export const archonProvision = (opened: () => ArchonServices) =>
  method({
    description: 'Show the DID of this node and its attestation, or give it a new one',
    params: {
      force: p.bool('give the node a new DID; the one before is not used any more').default(false),
    },
    handle: async ({ force }) => {
      const services = opened();
      if (force) {
        await services.rotate('did');
      }
      const attestation = await services.parts.bindings.attestation();
      return { provisioned: force, ...services.identity(), attestation };
    },
  });
