import type { Plugin } from '@cl-hive/cln-plugin';
import { myVotes } from './methods/hive-my-votes.ts';
import { pollCreate } from './methods/hive-poll-create.ts';
import { pollList } from './methods/hive-poll-list.ts';
import { pollStatus } from './methods/hive-poll-status.ts';
import { vote } from './methods/hive-vote.ts';
import type { PollOffice } from './poll-office.ts';

/** Adds the commands of governance. Reading works while siblings are away. */
export function mountGovernance(
  plugin: Plugin,
  ready: () => PollOffice,
  opened: () => PollOffice,
): Plugin {
  return plugin
    .method('hive-poll-create', pollCreate(ready))
    .method('hive-poll-status', pollStatus(opened))
    .method('hive-poll-list', pollList(opened))
    .method('hive-vote', vote(ready))
    .method('hive-my-votes', myVotes(opened));
}
