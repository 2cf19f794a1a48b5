import { MethodError, method, p } from '@cl-hive/cln-plugin';
import type { CommsServices } from '../services.ts';

const BAD_REQUEST = -32602;

/**
 * `hive-client-identity`: shows the node's Nostr identity, imports a secret key, or goes back to the
 * key that comes from the node's own secret. The secret itself is never answered.
 */
export const clientIdentity = (ready: () => CommsServices) =>
  method({
    description: 'Show, import or restore the Nostr identity of this node',
    params: {
      action: p.oneOf(['get', 'import', 'derive'], 'what to do').default('get'),
      nsec: p
        .text({ max: 256 }, 'the secret key to import (nsec1... or hexadecimal)')
        .asSecret()
        .optional(),
      nsec_file: p
        .text({ min: 1, max: 4096 }, 'a file with the key, which keeps it off command lines')
        .optional(),
    },
    check: ({ action, nsec, nsec_file }) => {
      const given = [nsec, nsec_file].filter((value) => value !== undefined).length;
      if (action === 'import' && given !== 1) {
        throw new MethodError(
          BAD_REQUEST,
          'nsec: import needs the secret key, either as nsec or in a file named by nsec_file',
        );
      }
      if (action !== 'import' && given !== 0) {
        throw new MethodError(BAD_REQUEST, `nsec: ${action} takes no key; use action=import`);
      }
    },
    handle: async ({ action, nsec, nsec_file }) => {
      const services = ready();
      switch (action) {
        case 'get':
          return services.identity();
        case 'import':
          return services.importIdentity(
            nsec === undefined ? { file: nsec_file ?? '' } : { key: nsec },
          );
        case 'derive':
          return services.restoreDerivedIdentity();
      }
    },
  });
