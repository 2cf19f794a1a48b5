import { method, p } from '@cl-hive/cln-plugin';
import type { CommsServices } from '../services.ts';

/** `hive-client-payments`: what advisors spent, and what they still may. */
export const clientPayments = (ready: () => CommsServices) =>
  method({
    description: 'Show the spending limits, what counts against them, and the newest spending',
    params: { limit: p.int({ min: 1, max: 1000 }, 'entries of the history').default(100) },
    handle: ({ limit }) => ready().client.payments(limit),
  });
