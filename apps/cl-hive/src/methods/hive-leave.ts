import { method, p } from '@cl-hive/cln-plugin';
import type { Hive } from '../hive.ts';
import { REASON_MAX } from '../limits.ts';

/** `hive-leave`: leaves the hive and tells its members. */
export const leave = (hive: () => Hive) =>
  method({
    description: 'Leave the hive',
    params: { reason: p.text({ min: 1, max: REASON_MAX }, 'why').default('voluntary') },
    handle: ({ reason }) => hive().ballots.leave(reason),
  });
