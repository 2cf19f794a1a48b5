import { INVALID_PARAMS, MethodError, method, p } from '@cl-hive/cln-plugin';
import { moment } from '../pipeline/moment.ts';
import type { CommsServices } from '../services.ts';

/** What an action needs besides. */
const NEEDS = {
  list: [],
  grant: ['amount_msat', 'until'],
  end_grant: ['grant'],
  resume: ['payer'],
  end_subscription: ['subscription'],
} as const;

/** `hive-client-payments`: what was paid and what the node may pay. */
export const clientPayments = (ready: () => CommsServices) =>
  method({
    description:
      'Show balances, limits, payments and what is unknown; grant an amount to pay, end a grant, or let a stopped payer go on',
    params: {
      action: p
        .oneOf(['list', 'grant', 'end_grant', 'resume', 'end_subscription'], 'what to do')
        .default('list'),
      limit: p.int({ min: 1, max: 1000 }, 'entries of the history').default(100),
      before: p.int({ min: 1 }, 'only requests below this number, for the next page').optional(),
      state: p
        .oneOf(['reserved', 'settled', 'released', 'unknown'], 'only entries in this state')
        .optional(),
      amount_msat: p.msat('what may be paid in all, fees included').optional(),
      until: p.custom(moment, 'end of the grant: Unix seconds, or such as 30d').optional(),
      purposes: p
        .array(p.text({ min: 1, max: 32 }), { min: 1, max: 32 }, 'only for these')
        .optional(),
      amount_msat_max: p.msat('of one payment, fees included').optional(),
      grant: p.int({ min: 1 }, 'the grant to end').optional(),
      subscription: p.int({ min: 1 }, 'the subscription to end').optional(),
      payer: p.text({ min: 1, max: 128 }, 'who is stopped, see stopped').optional(),
    },
    check: (params) => {
      const missing = NEEDS[params.action].find((need) => params[need] === undefined);
      if (missing !== undefined) {
        throw new MethodError(INVALID_PARAMS, `${missing}: ${params.action} needs it`);
      }
    },
    handle: ({ action, limit, before, state, amount_msat, until, purposes, ...rest }) => {
      const { payments } = ready().management;
      if (action === 'grant' && amount_msat !== undefined && until !== undefined) {
        return payments.grant({
          amountMsat: amount_msat,
          until,
          purposes,
          amountMsatMax: rest.amount_msat_max,
        });
      }
      if (action === 'end_grant' && rest.grant !== undefined) {
        return payments.endGrant(rest.grant);
      }
      if (action === 'end_subscription' && rest.subscription !== undefined) {
        return payments.endSubscription(rest.subscription);
      }
      return action === 'resume' && rest.payer !== undefined
        ? payments.resume(rest.payer)
        : payments.list({ limit, before, state });
    },
  });
