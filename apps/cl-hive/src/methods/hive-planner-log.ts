import { method, p } from '@cl-hive/cln-plugin';
import type { PlannerCommands } from '../planner/planner-commands.ts';

const WORD = { min: 1, max: 40, match: /^[a-z_]+$/ };

/** `hive-planner-log`: what the planner decided and why, the newest first. */
export const plannerLog = (planner: () => PlannerCommands) =>
  method({
    description: 'List what the planner decided, did and left, and why',
    params: {
      limit: p.int({ min: 1, max: 500 }, 'how many').default(50),
      action_type: p.text(WORD, 'only this, such as expansion').optional(),
      result: p.text(WORD, 'only with this outcome, such as skipped').optional(),
      target: p.nodeId('only about this node').optional(),
      since: p.int({ min: 0 }, 'only from this Unix second on').optional(),
      before: p
        .int({ min: 1 }, 'only lines before this id: next_before of the page before')
        .optional(),
    },
    handle: ({ limit, action_type: actionType, result, target, since, before }) =>
      planner().log({
        limit,
        ...(actionType === undefined ? {} : { actionType }),
        ...(result === undefined ? {} : { result }),
        ...(target === undefined ? {} : { target }),
        ...(since === undefined ? {} : { since }),
        ...(before === undefined ? {} : { before }),
      }),
  });
