import { method, p } from '@cl-hive/cln-plugin';
import type { PlannerCommands } from '../planner/planner-commands.ts';

/** `hive-planner-run`: plans now. */
export const plannerRun = (planner: () => PlannerCommands) =>
  method({
    description: 'Plan now; dry=true only shows what would be done',
    params: { dry: p.bool('change nothing and ask nobody').default(false) },
    handle: ({ dry }) => planner().run(dry),
  });
