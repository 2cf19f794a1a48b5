import { method, p } from '@cl-hive/cln-plugin';
import type { CommsServices } from '../services.ts';

/** `hive-client-status`: who may do what, what waits, and how the records fare. */
export const clientStatus = (ready: () => CommsServices) =>
  method({
    description: 'Show the advisors and their grants, what waits, the receipts and the alerts',
    params: { keys: p.bool('show the keys that prove the advisors').default(false) },
    handle: ({ keys }) => ready().client.status(keys),
  });
