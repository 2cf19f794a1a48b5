import { method, p } from '@cl-hive/cln-plugin';
import type { Hive } from '../hive.ts';
import { HIVE_ID_MAX } from '../limits.ts';

/** `hive-genesis`: founds a hive of this node alone, and makes its first ticket. */
export const genesis = (hive: () => Hive) =>
  method({
    description: 'Found a hive; this node is its first member',
    params: {
      hive_id: p
        .text({ min: 1, max: HIVE_ID_MAX, match: /^[\w.-]+$/ }, 'its name; drawn when left out')
        .optional(),
    },
    handle: ({ hive_id }) => hive().invitations.genesis(hive_id),
  });
