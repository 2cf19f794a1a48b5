import { method, p } from '@cl-hive/cln-plugin';
import type { CommsServices } from '../services.ts';

/** `hive-client-prune`: moves the receipts out of the database into a file. */
export const clientPrune = (ready: () => CommsServices) =>
  method({
    description:
      'Verify, export and then remove the receipts; the chain goes on from a signed seal',
    params: { file: p.text({ min: 1, max: 100 }, 'name of the export').optional() },
    handle: ({ file }) => ready().client.prune(file),
  });
