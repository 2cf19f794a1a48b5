import { INVALID_PARAMS, MethodError, method, p } from '@cl-hive/cln-plugin';
import { isJsonObject } from '@cl-hive/core';
import type { CommsServices } from '../services.ts';

/** `hive-comms-rpc`: an advisor's request, by RPC or through clnrest. */
export const commsRpc = (ready: () => CommsServices) =>
  method({
    description: 'Take a management request of an advisor, signed or with a rune, and answer it',
    params: {
      envelope: p.json('the request, as an object or as its text'),
      rune: p.text({ min: 1, max: 4096 }, 'the rune that proves the advisor').asSecret().optional(),
      l402: p
        .text({ min: 1, max: 5600 }, 'what pays for the request, where it is not in the envelope')
        .asSecret()
        .optional(),
      schema: p
        .text({ max: 128 }, 'the schema of the request, for a rune that is restricted to it')
        .optional(),
      action: p
        .text({ max: 128 }, 'the action of the request, for a rune that is restricted to it')
        .optional(),
    },
    handle: ({ envelope, ...rest }) => {
      if (typeof envelope !== 'string' && !isJsonObject(envelope)) {
        throw new MethodError(INVALID_PARAMS, 'envelope: expected an object or its text');
      }
      return ready().client.rpc({ envelope, ...rest });
    },
  });
