import { method } from '@cl-hive/cln-plugin';
import type { Hive } from '../hive.ts';
import { membersView } from '../views/members-view.ts';

/** `hive-members`: who is in the hive, with the original's members of each. */
export const members = (hive: () => Hive) =>
  method({
    description: 'The members of the hive: tier, since when, uptime, contribution',
    handle: () => membersView(hive()),
  });
