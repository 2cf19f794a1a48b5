import { method, p } from '@cl-hive/cln-plugin';
import { moment } from '../pipeline/moment.ts';
import type { CommsServices } from '../services.ts';

/** `hive-client-prune`: moves the receipts out of the database into a file, and drops old requests. */
export const clientPrune = (ready: () => CommsServices) =>
  method({
    description:
      'Verify, export and then remove the receipts; the chain goes on from a signed seal. Drop old requests',
    params: {
      file: p.text({ min: 1, max: 100 }, 'name of the export').optional(),
      keep: p
        .custom(moment, 'how long requests that are over are kept: 90d, at least 32d')
        .optional(),
    },
    handle: ({ file, keep }) => ready().client.prune(file, keep),
  });
