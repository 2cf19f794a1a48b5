import { method, p } from '@cl-hive/cln-plugin';
import type { DmailDesk } from '../dmail-desk.ts';

/** `hive-archon-dmail-reach`: for cl-hive-comms, whether a target is reached by dmail. */
export const dmailReach = (ready: () => DmailDesk) =>
  method({
    description: 'Whether dmail reaches a target; cl-hive-comms calls it',
    params: { target: p.anyObject('whom: node, nostr, did') },
    handle: ({ target }) => ready().reach(target),
  });
