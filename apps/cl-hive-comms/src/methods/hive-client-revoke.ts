import { INVALID_PARAMS, MethodError, method, p } from '@cl-hive/cln-plugin';
import type { CommsServices } from '../services.ts';

/** `hive-client-revoke`: takes everything from an advisor, or one grant, or one key. */
export const clientRevoke = (ready: () => CommsServices) =>
  method({
    description: 'Revoke an advisor with all that waits of it, or only one of its grants or keys',
    params: {
      advisor: p.text({ min: 1, max: 128 }, 'name, alias or index'),
      grant: p.int({ min: 1 }, 'number of the one grant to end').optional(),
      key: p.text({ min: 1, max: 512 }, 'the one key to remove').optional(),
    },
    check: ({ grant, key }) => {
      if (grant !== undefined && key !== undefined) {
        throw new MethodError(INVALID_PARAMS, 'key: give a grant or a key, not both');
      }
    },
    handle: ({ advisor, grant, key }) => ready().client.revoke(advisor, grant, key),
  });
