import { method, p } from '@cl-hive/cln-plugin';
import type { PlannerCommands } from '../planner/planner-commands.ts';

/** `hive-enable-expansions`: whether the planner may propose channels. */
export const enableExpansions = (planner: () => PlannerCommands) =>
  method({
    description: 'Let the planner propose channels, or stop it; it stays so over restarts',
    params: { enabled: p.bool('whether it may').default(true) },
    handle: ({ enabled }) => planner().enableExpansions(enabled),
  });
