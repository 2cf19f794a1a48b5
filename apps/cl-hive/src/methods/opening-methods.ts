import type { Plugin } from '@cl-hive/cln-plugin';
import type { Openings } from '../openings/openings.ts';
import { approveAction } from './hive-approve-action.ts';
import { budgetSummary } from './hive-budget-summary.ts';
import { closeChannel } from './hive-close-channel.ts';
import { intentStatus } from './hive-intent-status.ts';
import { lockOverrule } from './hive-lock-overrule.ts';
import { lockStatus } from './hive-lock-status.ts';
import { openChannel } from './hive-open-channel.ts';
import { openings } from './hive-openings.ts';
import { pendingActions } from './hive-pending-actions.ts';
import { rejectAction } from './hive-reject-action.ts';
import { setMode } from './hive-set-mode.ts';
import { splice } from './hive-splice.ts';
import { testPendingAction } from './hive-test-pending-action.ts';

/** The methods about opening channels, and about what waits for a person. */
export function withOpenings(plugin: Plugin, ready: () => Openings): Plugin {
  return plugin
    .method('hive-pending-actions', pendingActions(ready))
    .method('hive-approve-action', approveAction(ready))
    .method('hive-reject-action', rejectAction(ready))
    .method('hive-test-pending-action', testPendingAction(ready))
    .method('hive-set-mode', setMode(ready))
    .method('hive-budget-summary', budgetSummary(ready))
    .method('hive-intent-status', intentStatus(ready))
    .method('hive-openings', openings(ready))
    .method('hive-open-channel', openChannel(ready))
    .method('hive-splice', splice(ready))
    .method('hive-close-channel', closeChannel(ready))
    .method('hive-lock-status', lockStatus(ready))
    .method('hive-lock-overrule', lockOverrule(ready));
}
