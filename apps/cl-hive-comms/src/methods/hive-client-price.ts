import { INVALID_PARAMS, MethodError, method, p } from '@cl-hive/cln-plugin';
import type { Msat } from '@cl-hive/core';
import type { Reputation } from '@cl-hive/payments';
import { type Moment, moment, whileMs } from '../pipeline/moment.ts';
import type { PriceChange } from '../price/price-admin.ts';
import type { CommsServices } from '../services.ts';

const ACTIONS = ['show', 'on', 'off', 'set', 'suggested', 'reputation'] as const;

const KNOWN = ['newcomer', 'recognized', 'trusted', 'senior'] as const satisfies Reputation[];

interface PriceParams {
  readonly action: (typeof ACTIONS)[number];
  readonly danger?: number;
  readonly amount_msat?: Msat;
  readonly reads?: boolean;
  readonly uses?: number;
  readonly valid?: Moment;
  readonly advisor?: string;
  readonly reputation?: Reputation;
}

/** `hive-client-price`: what this node asks of those who want something done. */
export const clientPrice = (ready: () => CommsServices) =>
  method({
    description:
      'Show or set what this node asks of advisors for an action, by its danger and their reputation; nothing by default',
    params: {
      action: p.oneOf(ACTIONS, 'what to do').default('show'),
      danger: p.int({ min: 1, max: 10 }, 'set: the danger that amount_msat is for').optional(),
      amount_msat: p.msat('set: the price of an action of that danger').optional(),
      reads: p.bool('set: whether actions that only read cost something too').optional(),
      uses: p.int({ min: 1, max: 1000 }, 'set: how many requests one payment buys').optional(),
      valid: p.custom(moment, 'set: for how long it buys them, such as 24h').optional(),
      advisor: p.text({ min: 1, max: 128 }, 'reputation: whose').optional(),
      reputation: p.oneOf(KNOWN, 'reputation: how well it is known').optional(),
    },
    handle: (params) => {
      const { prices } = ready().management;
      return params.action === 'show' ? prices.view() : prices.change(changesOf(params));
    },
  });

function changesOf(params: PriceParams): readonly PriceChange[] {
  switch (params.action) {
    case 'show':
      return [];
    case 'on':
    case 'off':
    case 'suggested':
      return [{ kind: params.action }];
    case 'reputation': {
      const { advisor, reputation } = params;
      if (advisor === undefined || reputation === undefined) {
        throw new MethodError(INVALID_PARAMS, 'reputation needs advisor and reputation');
      }
      return [{ kind: 'known', advisor, reputation }];
    }
    case 'set':
      return settings(params);
  }
}

function settings({ danger, amount_msat: amount, reads, uses, valid }: PriceParams) {
  if ((danger === undefined) !== (amount === undefined)) {
    throw new MethodError(INVALID_PARAMS, 'danger and amount_msat belong together');
  }
  const ms = valid === undefined ? undefined : whileMs(valid);
  if (valid !== undefined && ms === undefined) {
    throw new MethodError(INVALID_PARAMS, 'valid: expected a while, such as 24h');
  }
  const changes: readonly PriceChange[] = [
    ...(danger === undefined || amount === undefined
      ? []
      : [{ kind: 'price', danger, amountMsat: amount } as const]),
    ...(reads === undefined ? [] : [{ kind: 'reads', reads } as const]),
    ...(uses === undefined ? [] : [{ kind: 'uses', uses } as const]),
    ...(ms === undefined ? [] : [{ kind: 'seconds', seconds: Math.floor(ms / 1000) } as const]),
  ];
  if (changes.length === 0) {
    throw new MethodError(
      INVALID_PARAMS,
      'set needs danger with amount_msat, reads, uses or valid',
    );
  }
  return changes;
}
