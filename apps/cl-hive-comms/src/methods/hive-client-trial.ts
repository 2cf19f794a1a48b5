import { INVALID_PARAMS, MethodError, method, p } from '@cl-hive/cln-plugin';
import { type Moment, moment } from '../pipeline/moment.ts';
import type { CommsServices } from '../services.ts';
import { authorizeRequest, GRANT_PARAMS } from './grant-params.ts';

/** Length of a trial where none is given. */
const TRIAL: Moment = { kind: 'in', ms: 14 * 86_400_000 };

/** `hive-client-trial`: advisors whose time ends by itself. */
export const clientTrial = (ready: () => CommsServices) =>
  method({
    description: 'List trials, start one for a new advisor, or let an advisor stay after its trial',
    params: {
      action: p.oneOf(['list', 'start', 'keep'], 'what to do').default('list'),
      advisor: p.text({ min: 1, max: 128 }, 'its name').optional(),
      ends: p
        .custom(moment, 'end of the trial: Unix seconds, or such as 30d; by default in 14 days')
        .optional(),
      ...GRANT_PARAMS,
    },
    check: ({ action, advisor }) => {
      if (action !== 'list' && advisor === undefined) {
        throw new MethodError(INVALID_PARAMS, `advisor: ${action} needs the advisor's name`);
      }
    },
    handle: ({ action, advisor = '', ends, ...params }) => {
      const { client } = ready();
      switch (action) {
        case 'list':
          return client.trials();
        case 'start':
          return client.authorize(authorizeRequest(advisor, params, ends ?? TRIAL, false));
        case 'keep':
          return client.edit(advisor, ({ index }) => ({ kind: 'end_trial', advisor: index }));
      }
    },
  });
