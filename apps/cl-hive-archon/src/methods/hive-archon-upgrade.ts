import { method, p } from '@cl-hive/cln-plugin';
import type { ArchonServices } from '../services.ts';

/** `hive-archon-upgrade`: registers the DID where others find it; the DID stays the same. */
export const archonUpgrade = (opened: () => ArchonServices) =>
  method({
    description:
      'Move the DID of this node to a registry that Gatekeepers share; it stays the same',
    params: {
      registry: p
        .text({ min: 1, max: 128, match: /^[A-Za-z0-9][A-Za-z0-9:_-]*$/ }, 'such as hyperswarm')
        .default('hyperswarm'),
    },
    handle: async ({ registry }) => {
      const services = opened();
      await services.moveTo(registry);
      return services.identity();
    },
  });
