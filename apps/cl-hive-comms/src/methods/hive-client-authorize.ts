import { method, p } from '@cl-hive/cln-plugin';
import type { CommsServices } from '../services.ts';
import { authorizeRequest, GRANT_PARAMS } from './grant-params.ts';

/** `hive-client-authorize`: lets an advisor see, propose and, where said so, act. */
export const clientAuthorize = (ready: () => CommsServices) =>
  method({
    description: 'Authorize an advisor: who proves it, and what it may do. By default advice only',
    params: {
      advisor: p.text({ min: 1, max: 128 }, 'a new name; or name, alias or index of an advisor'),
      ...GRANT_PARAMS,
      keep_grants: p.bool('let its grants of before stand beside this one').default(false),
    },
    handle: ({ advisor, keep_grants, ...params }) =>
      ready().client.authorize(authorizeRequest(advisor, params, undefined, keep_grants)),
  });
