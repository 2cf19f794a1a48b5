import { method, p } from '@cl-hive/cln-plugin';
import { CodedError } from '@cl-hive/core';
import type { Openings } from '../openings/openings.ts';
import { ACTION_PARAM } from './action-param.ts';
import { answered } from './order-answer.ts';

/**
 * `hive-approve-action`: a person's yes. The limits are judged again; an opening then asks the hive,
 * and the answer says `executed`, or `approved` where that takes longer.
 */
export const approveAction = (ready: () => Openings) =>
  method({
    description: 'Approve what waits: judged again, agreed with the hive, then done',
    params: {
      action_id: ACTION_PARAM,
      amount_sats: p
        .int({ min: 1, max: 1_000_000_000 }, 'another capacity than the proposed one')
        .optional(),
    },
    handle: ({ action_id: id, amount_sats: amount }) => {
      const { actions } = ready();
      if (id !== 'all') {
        const sat = amount === undefined ? undefined : BigInt(amount);
        return answered(() => actions.approve(id, sat));
      }
      if (amount !== undefined) {
        throw new CodedError('amount_for_all', 'an amount is for one action, not for all', {
          remedy: 'name the action',
        });
      }
      return actions.approveAll();
    },
  });
