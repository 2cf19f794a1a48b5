import { randomBytes } from 'node:crypto';
import { method, p } from '@cl-hive/cln-plugin';
import { CodedError } from '@cl-hive/core';
import type { Openings } from '../openings/openings.ts';
import { orderAnswer } from './order-answer.ts';

/**
 * `hive-test-pending-action`: asks for an opening as the planner would, to try what approves it. Within
 * a budget of failsafe mode it is a real opening.
 */
export const testPendingAction = (ready: () => Openings) =>
  method({
    description: 'Ask for an opening as the planner would: in advisor mode it waits for your yes',
    params: {
      action_type: p.oneOf(['channel_open'], 'what is asked for').default('channel_open'),
      target: p.nodeId('whom to open to; must be given').optional(),
      capacity_sats: p.int({ min: 1, max: 1_000_000_000 }, 'its capacity').default(1_000_000),
      reason: p.text({ max: 500 }, 'why, for whoever approves').default('test_action'),
    },
    handle: async ({ target, capacity_sats: sat, reason }) => {
      const { desk } = ready();
      if (target === undefined) {
        throw new CodedError('target_missing', 'whom to open to is not said', {
          remedy: 'give target, a node id',
        });
      }
      const id = `test-${randomBytes(8).toString('hex')}`;
      const request = { id, target, capacitySat: BigInt(sat), reason, proposedBy: 'test' };
      return orderAnswer(await desk.request(request));
    },
  });
