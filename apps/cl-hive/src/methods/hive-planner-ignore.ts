import { method, p } from '@cl-hive/cln-plugin';
import type { PlannerCommands } from '../planner/planner-commands.ts';

/** `hive-planner-ignore`: keeps the planner from a peer. */
export const plannerIgnore = (planner: () => PlannerCommands) =>
  method({
    description: 'Keep the planner from opening to a peer',
    params: {
      peer_id: p.nodeId('the peer'),
      reason: p.text({ min: 1, max: 200 }, 'why').default('manual'),
      duration_hours: p
        .int({ min: 0, max: 876_000 }, 'for how long; 0 until taken back')
        .default(0),
    },
    handle: ({ peer_id, reason, duration_hours }) =>
      planner().ignore(peer_id, reason, duration_hours),
  });

/** `hive-planner-unignore`: takes it back. */
export const plannerUnignore = (planner: () => PlannerCommands) =>
  method({
    description: 'Let the planner open to a peer again',
    params: { peer_id: p.nodeId('the peer') },
    handle: ({ peer_id }) => planner().unignore(peer_id),
  });

/** `hive-planner-ignored-peers`: whom the planner is kept from. */
export const plannerIgnoredPeers = (planner: () => PlannerCommands) =>
  method({
    description: 'List the peers that the planner is kept from',
    params: { include_expired: p.bool('those whose time is over too').default(false) },
    handle: ({ include_expired }) => planner().ignoredPeers(include_expired),
  });
