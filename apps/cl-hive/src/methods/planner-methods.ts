import type { Plugin } from '@cl-hive/cln-plugin';
import type { PlannerCommands } from '../planner/planner-commands.ts';
import { calculateSize } from './hive-calculate-size.ts';
import { enableExpansions } from './hive-enable-expansions.ts';
import { plannerExplain } from './hive-planner-explain.ts';
import { plannerIgnore, plannerIgnoredPeers, plannerUnignore } from './hive-planner-ignore.ts';
import { plannerLog } from './hive-planner-log.ts';
import { plannerReplay } from './hive-planner-replay.ts';
import { plannerRun } from './hive-planner-run.ts';
import { rateTargets } from './hive-rate-targets.ts';
import { topology } from './hive-topology.ts';

/** Adds the planner's methods. */
export function withPlannerMethods(plugin: Plugin, planner: () => PlannerCommands): Plugin {
  return plugin
    .method('hive-topology', topology(planner))
    .method('hive-planner-log', plannerLog(planner))
    .method('hive-planner-run', plannerRun(planner))
    .method('hive-planner-explain', plannerExplain(planner))
    .method('hive-planner-replay', plannerReplay(planner))
    .method('hive-planner-ignore', plannerIgnore(planner))
    .method('hive-planner-unignore', plannerUnignore(planner))
    .method('hive-planner-ignored-peers', plannerIgnoredPeers(planner))
    .method('hive-calculate-size', calculateSize(planner))
    .method('hive-rate-targets', rateTargets(planner))
    .method('hive-enable-expansions', enableExpansions(planner));
}
