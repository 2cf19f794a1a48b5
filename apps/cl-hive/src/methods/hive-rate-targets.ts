import { method, p } from '@cl-hive/cln-plugin';
import { RATE_TARGETS_MAX } from '../planner/limits.ts';
import type { PlannerCommands } from '../planner/planner-commands.ts';

/** `hive-rate-targets`: candidates that the operator names, best first. */
export const rateTargets = (planner: () => PlannerCommands) =>
  method({
    description: 'Rate nodes as targets for a channel of the fleet, best first, with every reason',
    params: {
      targets: p.array(p.nodeId(), { min: 1, max: RATE_TARGETS_MAX }, 'the nodes'),
    },
    handle: ({ targets }) => planner().rate(targets),
  });
