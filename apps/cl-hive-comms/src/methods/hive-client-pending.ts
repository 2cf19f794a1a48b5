import { method } from '@cl-hive/cln-plugin';
import type { CommsServices } from '../services.ts';

/** `hive-client-pending`: what waits for the operator's word. */
export const clientPending = (ready: () => CommsServices) =>
  method({
    description: 'List the requests that wait for a person, and for how long they still do',
    handle: () => ready().client.pending(),
  });
