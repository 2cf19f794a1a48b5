import { method, p } from '@cl-hive/cln-plugin';
import type { PlannerCommands } from '../planner/planner-commands.ts';

/** `hive-planner-explain`: every number of one target, and everything that stands in the way. */
export const plannerExplain = (planner: () => PlannerCommands) =>
  method({
    description:
      'Explain one target: every number, who would open how much, and why it is not done',
    params: { target: p.nodeId('the node') },
    handle: ({ target }) => planner().explain(target),
  });
