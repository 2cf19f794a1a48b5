import { INVALID_PARAMS, MethodError, method, p } from '@cl-hive/cln-plugin';
import type { CommsServices } from '../services.ts';

/** `hive-client-tokens`: L402 tokens that this node paid for. */
export const clientTokens = (ready: () => CommsServices) =>
  method({
    description: 'List the L402 tokens that this node paid for, or throw one away',
    params: {
      action: p.oneOf(['list', 'forget'], 'what to do').default('list'),
      payment_hash: p.text({ match: /^[0-9a-f]{64}$/ }, 'forget: which one').optional(),
      limit: p.int({ min: 1, max: 1000 }, 'tokens to list').default(100),
    },
    handle: async ({ action, payment_hash: hash, limit }) => {
      const { tokens } = ready().management.web;
      if (action === 'list') {
        return { tokens: [...(await tokens.list(limit))] };
      }
      if (hash === undefined) {
        throw new MethodError(INVALID_PARAMS, 'payment_hash: forget needs it');
      }
      return { forgotten: await tokens.forget(hash) };
    },
  });
