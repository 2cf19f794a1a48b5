import { method, p } from '@cl-hive/cln-plugin';
import type { CommsTransports } from '../../transports/comms-transports.ts';
import { MESSAGE_BYTES_MAX, TRANSPORT_ID_MAX } from '../../transports/limits.ts';
import { TARGET_PARAMS } from './hive-comms-send.ts';

/**
 * `hive-comms-receive`: a sibling hands over what came in over the transport that it registered. The
 * sender counts as unverified: a request needs a signature of its own.
 */
export const receive = (ready: () => CommsTransports) =>
  method({
    description: 'Take a message in that came over a registered transport',
    params: {
      transport: p.text({ min: 1, max: TRANSPORT_ID_MAX }, 'the registered transport'),
      message: p.text({ min: 1, max: MESSAGE_BYTES_MAX }, 'the message as it came'),
      ...TARGET_PARAMS,
    },
    handle: ({ transport, message, ...from }) => ready().receive(transport, from, message),
  });
