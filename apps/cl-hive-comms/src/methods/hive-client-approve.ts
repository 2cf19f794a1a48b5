import { method, p } from '@cl-hive/cln-plugin';
import type { CommsServices } from '../services.ts';

/** `hive-client-approve`: the operator's word on a request that waits. */
export const clientApprove = (ready: () => CommsServices) =>
  method({
    description: 'Approve a waiting request: policy and budget are asked again, then it is done',
    params: {
      id: p.int({ min: 1 }, 'its number, see hive-client-pending'),
      by: p.text({ min: 1, max: 64 }, 'who says so, for the receipt').default('operator'),
    },
    handle: ({ id, by }) => ready().client.approve(id, by),
  });
