import { method, p } from '@cl-hive/cln-plugin';
import type { PlannerCommands } from '../planner/planner-commands.ts';

/** `hive-planner-replay`: plans a recorded cycle again. */
export const plannerReplay = (planner: () => PlannerCommands) =>
  method({
    description: 'Plan a recorded cycle again and say whether the plan is the same',
    params: {
      cycle: p.int({ min: 1 }, 'which; the newest unless given').optional(),
      list: p.bool('list the recorded cycles instead').default(false),
    },
    handle: ({ cycle, list }) => (list ? planner().cycles() : planner().replay(cycle)),
  });
