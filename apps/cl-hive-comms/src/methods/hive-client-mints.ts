import { INVALID_PARAMS, MethodError, method, p } from '@cl-hive/cln-plugin';
import type { CommsServices } from '../services.ts';

const ACTIONS = ['list', 'add', 'remove', 'info'] as const;

/** `hive-client-mints`: the Cashu mints that the operator trusts with an amount. */
export const clientMints = (ready: () => CommsServices) =>
  method({
    description:
      'List, add, remove and look at the Cashu mints that this node uses; none by default',
    params: {
      action: p.oneOf(ACTIONS, 'what to do').default('list'),
      mint: p.text({ min: 1, max: 255 }, 'address of the mint (https://...)').optional(),
      private: p
        .bool('add: the mint is in your own network (private address, http allowed)')
        .default(false),
    },
    check: ({ action, mint }) => {
      if (action !== 'list' && mint === undefined) {
        throw new MethodError(INVALID_PARAMS, `mint: ${action} needs its address`);
      }
    },
    handle: ({ action, mint = '', private: own }) => {
      const { wallet } = ready();
      switch (action) {
        case 'list':
          return wallet.mints();
        case 'add':
          return wallet.addMint(mint, own);
        case 'remove':
          return wallet.removeMint(mint);
        case 'info':
          return wallet.mintInfo(mint);
      }
    },
  });
