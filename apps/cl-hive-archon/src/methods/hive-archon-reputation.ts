import { method, p } from '@cl-hive/cln-plugin';
import type { ArchonServices } from '../services.ts';
import { did } from './did-param.ts';

/** `hive-archon-reputation`: what all issuers together say about somebody, by their weights. */
export const archonReputation = (opened: () => ArchonServices) =>
  method({
    description: 'What the credentials about somebody come to, by the weight of their issuers',
    params: {
      subject: did('whom it is about'),
      domain: p.oneOf(['advisor', 'node', 'client'], 'as what').default('advisor'),
    },
    handle: async ({ subject, domain }) => {
      const found = await opened().parts.credentials.reputation(subject, domain);
      const { scorePpm, issuers, weight, influencePpm, refused } = found;
      return {
        subject,
        domain,
        score_ppm: scorePpm,
        issuers,
        weight,
        influence_ppm: influencePpm,
        refused,
      };
    },
  });
