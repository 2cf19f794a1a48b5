import { method, p } from '@cl-hive/cln-plugin';
import type { Hive } from '../hive.ts';

/** `hive-bump-version`: raises this node's gossip version, after a lost database. */
export const bumpVersion = (hive: () => Hive) =>
  method({
    description: 'Raise the version of this node’s gossip; versions never fall',
    params: { version: p.int({ min: 1, max: 2 ** 40 }, 'above the present one') },
    handle: ({ version }) => hive().gossiping.bump(version),
  });
