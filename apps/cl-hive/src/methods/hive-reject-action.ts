import { method, p } from '@cl-hive/cln-plugin';
import { REASON_CHARS_MAX } from '../openings/limits.ts';
import type { Openings } from '../openings/openings.ts';
import { ACTION_PARAM } from './action-param.ts';
import { answered } from './order-answer.ts';

/** `hive-reject-action`: a person's no. */
export const rejectAction = (ready: () => Openings) =>
  method({
    description: 'Reject what waits: nothing of it is done',
    params: {
      action_id: ACTION_PARAM,
      reason: p.text({ max: REASON_CHARS_MAX }, 'why, for the record').default(''),
    },
    handle: ({ action_id: id, reason }) => {
      const { actions } = ready();
      return id === 'all' ? actions.rejectAll(reason) : answered(() => actions.reject(id, reason));
    },
  });
