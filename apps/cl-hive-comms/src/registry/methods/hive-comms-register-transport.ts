import { method, p } from '@cl-hive/cln-plugin';
import type { CommsTransports } from '../../transports/comms-transports.ts';
import { METHOD_NAME_MAX, TRANSPORT_ID_MAX } from '../../transports/limits.ts';

/**
 * `hive-comms-register-transport`: another plugin serves a transport. `send_method` is called with
 * `target` (node, nostr, did) and `message`, and answers `outcome` (sent, queued, failed) and `reason`;
 * `reach_method` is called with `target` and answers `reach` (now, later, none) and `reason`. What it
 * receives it gives to `hive-comms-receive`.
 */
export const registerTransport = (ready: () => CommsTransports) =>
  method({
    description: 'Register a transport that another plugin serves',
    params: {
      transport: p.text(
        { max: TRANSPORT_ID_MAX, match: /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/ },
        'its name, such as dmail',
      ),
      send_method: p.text({ min: 1, max: METHOD_NAME_MAX }, 'the method that sends'),
      reach_method: p.text({ min: 1, max: METHOD_NAME_MAX }, 'the method that says who is reached'),
      seal: p
        .oneOf(['link', 'recipient'], 'recipient: nobody but the recipient can read a message')
        .default('link'),
    },
    handle: ({ transport, send_method, reach_method, seal }) =>
      ready().registerTransport({
        id: transport,
        seal,
        sendMethod: send_method,
        reachMethod: reach_method,
      }),
  });
