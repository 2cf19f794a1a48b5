import { randomBytes } from 'node:crypto';
import { method, p } from '@cl-hive/cln-plugin';
import type { Openings } from '../openings/openings.ts';
import { orderAnswer } from './order-answer.ts';

/** `hive-splice`: proposes to make a channel larger or smaller; it waits in `hive-pending-actions`. */
export const splice = (ready: () => Openings) =>
  method({
    description: 'Propose a splice: above 0 from the wallet into the channel, below 0 back',
    params: {
      channel_id: p.text({ min: 5, max: 64 }, 'channel id or short channel id'),
      relative_amount: p.int({ min: -1_000_000_000, max: 1_000_000_000 }, 'sat'),
      reason: p.text({ max: 500 }, 'why, for whoever approves').default(''),
    },
    handle: async ({ channel_id: channel, relative_amount: amount, reason }) => {
      const id = `splice-${randomBytes(8).toString('hex')}`;
      const kind = amount > 0 ? 'splice_in' : 'splice_out';
      const amountSat = BigInt(Math.abs(amount));
      const request = { id, kind, channel, amountSat, reason, proposedBy: 'operator' } as const;
      return orderAnswer(await ready().desk.requestChannel(request));
    },
  });
