import { method, p } from '@cl-hive/cln-plugin';
import type { ArchonServices } from '../services.ts';
import { did } from './did-param.ts';

/** `hive-archon-issuers`: whom this node believes, and how much; by default nobody but itself. */
export const archonIssuers = (opened: () => ArchonServices) =>
  method({
    description: 'Show or set whose credentials count here, and the weight of their words',
    params: {
      did: did('an issuer to set; without: show all').optional(),
      management: p.bool('its management credentials for this node count').default(false),
      weight: p.int({ min: 0, max: 100 }, 'weight of its words about reputation').default(0),
    },
    handle: async ({ did: issuer, management, weight }) => {
      const { issuers } = opened().parts.credentials;
      if (issuer !== undefined) {
        await issuers.set(issuer, management, weight);
      }
      return { issuers: await issuers.view() };
    },
  });
