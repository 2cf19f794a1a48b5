import { method } from '@cl-hive/cln-plugin';
import type { CommsTransports } from '../../transports/comms-transports.ts';

/** `hive-comms-transports`: all transports and handlers, how they fare, and what came in. */
export const transports = (ready: () => CommsTransports) =>
  method({
    description: 'Transports and handlers: health, counts, and who registered them',
    handle: () => ready().view(),
  });
