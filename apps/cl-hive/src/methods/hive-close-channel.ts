import { randomBytes } from 'node:crypto';
import { method, p } from '@cl-hive/cln-plugin';
import { CodedError } from '@cl-hive/core';
import type { Openings } from '../openings/openings.ts';
import { orderAnswer } from './order-answer.ts';

/**
 * `hive-close-channel`: proposes to close a channel with its peer's consent. It waits in
 * `hive-pending-actions`; a force close is never made.
 */
export const closeChannel = (ready: () => Openings) =>
  method({
    description: 'Propose an agreed close of a channel; hive-approve-action then asks the peer',
    params: {
      channel_id: p.text({ min: 5, max: 64 }, 'channel id or short channel id'),
      reason: p.text({ max: 500 }, 'why, for whoever approves').default(''),
      unilateraltimeout: p.int({ min: 0 }, '0: never by force, which is all there is').default(0),
    },
    handle: async ({ channel_id: channel, reason, unilateraltimeout }) => {
      if (unilateraltimeout !== 0) {
        throw new CodedError('forced_close', 'a channel is never closed by force here', {
          remedy: 'ask without unilateraltimeout; lightning-cli close is yours',
        });
      }
      const id = `close-${randomBytes(8).toString('hex')}`;
      const request = { id, kind: 'close', channel, reason, proposedBy: 'operator' } as const;
      return orderAnswer(await ready().desk.requestChannel(request));
    },
  });
