import { method, p } from '@cl-hive/cln-plugin';
import type { ArchonServices } from '../services.ts';
import { did } from './did-param.ts';
import { TIERS } from './hive-archon-issue.ts';

/** `hive-archon-authorize`: cl-hive-comms asks who signed a request, and whether a credential covers it. */
export const archonAuthorize = (opened: () => ArchonServices) =>
  method({
    description:
      'Say whether a DID signed a request and holds a credential for it (for cl-hive-comms)',
    params: {
      did: did('who asks'),
      text: p.text({ min: 1, max: 256 }, 'what was signed'),
      signature: p.text({ min: 1, max: 256 }, 'the signature'),
      schema: p.text({ max: 128 }, 'what is asked for'),
      action: p.text({ max: 128 }, 'what is asked for'),
      tier: p.oneOf(TIERS, 'the tier that it needs'),
      danger: p.int({ min: 1, max: 10 }, 'its danger'),
    },
    handle: async ({ did: who, text, signature, ...asked }) => {
      const { credentials, nodeId } = opened().parts;
      return { ...(await credentials.authorize(who, text, signature, { ...asked, node: nodeId })) };
    },
  });
