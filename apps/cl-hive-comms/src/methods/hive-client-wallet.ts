import { INVALID_PARAMS, MethodError, method, p } from '@cl-hive/cln-plugin';
import type { JsonObject, Msat } from '@cl-hive/core';
import type { CommsServices } from '../services.ts';

const ACTIONS = ['balance', 'mint', 'melt', 'send', 'receive', 'restore', 'look'] as const;

type Action = (typeof ACTIONS)[number];

interface Params {
  readonly action: Action;
  readonly mint?: string | undefined;
  readonly amount_msat?: Msat | undefined;
  readonly max_fee_msat?: Msat | undefined;
  readonly invoice?: string | undefined;
  readonly token?: string | undefined;
  readonly purpose: string;
  readonly key?: string | undefined;
  readonly dry_run: boolean;
}

/** What an action cannot do without. */
const NEEDS: Readonly<Record<Action, readonly (keyof Params)[]>> = {
  balance: [],
  mint: ['mint', 'amount_msat'],
  melt: ['mint'],
  send: ['mint', 'amount_msat'],
  receive: ['token'],
  restore: ['mint'],
  look: [],
};

function check(params: Params): void {
  const { action, invoice, amount_msat: amount } = params;
  for (const need of NEEDS[action]) {
    if (params[need] === undefined) {
      throw new MethodError(INVALID_PARAMS, `${need}: ${action} needs it`);
    }
  }
  if (action === 'melt' && (invoice === undefined) === (amount === undefined)) {
    throw new MethodError(
      INVALID_PARAMS,
      'invoice: melt needs an invoice to pay, or amount_msat to bring back to this node',
    );
  }
}

function handle({ wallet }: CommsServices, params: Params): Promise<JsonObject> {
  const { action, mint = '', invoice, token = '', key, purpose } = params;
  const request = {
    mint,
    purpose,
    key,
    amountMsat: params.amount_msat,
    maxFeeMsat: params.max_fee_msat,
    dryRun: params.dry_run,
  };
  switch (action) {
    case 'balance':
      return wallet.balance();
    case 'mint':
      return wallet.buy(request);
    case 'melt':
      return wallet.melt(request, invoice);
    case 'send':
      return wallet.send(request);
    case 'receive':
      return wallet.receive(token, key);
    case 'restore':
      return wallet.restore(mint);
    case 'look':
      return wallet.look();
  }
}

/** `hive-client-wallet`: the node's Cashu wallet. */
export const clientWallet = (ready: () => CommsServices) =>
  method({
    description:
      'Show the Cashu wallet; buy proofs, pay with them, send and receive tokens, restore from the node’s secret',
    params: {
      action: p.oneOf(ACTIONS, 'what to do').default('balance'),
      mint: p.text({ min: 1, max: 255 }, 'address of the mint').optional(),
      amount_msat: p.msat('mint, send: how much; melt: how much to bring back').optional(),
      max_fee_msat: p.msat('the most it may cost on top; 1 %, at least 5 sat').optional(),
      invoice: p.text({ min: 1, max: 4296 }, 'melt: the invoice to pay').optional(),
      token: p.text({ min: 1, max: 262_144 }, 'receive: the token').asSecret().optional(),
      purpose: p
        .text({ min: 1, max: 32 }, 'what it is for, see hive-client-policy')
        .default('cashu'),
      key: p
        .text({ match: /^[0-9A-Za-z_-]{1,64}$/ }, 'the same key is the same operation, once')
        .optional(),
      dry_run: p.bool('only say what would happen').default(false),
    },
    check,
    handle: (params) => handle(ready(), params),
  });
