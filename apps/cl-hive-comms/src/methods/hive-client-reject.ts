import { method, p } from '@cl-hive/cln-plugin';
import type { CommsServices } from '../services.ts';

/** `hive-client-reject`: the operator's word on a request that waits. */
export const clientReject = (ready: () => CommsServices) =>
  method({
    description: 'Reject a waiting request: it never happens',
    params: {
      id: p.int({ min: 1 }, 'its number, see hive-client-pending'),
      by: p.text({ min: 1, max: 64 }, 'who says so, for the receipt').default('operator'),
    },
    handle: ({ id, by }) => ready().client.reject(id, by),
  });
