import { type Clock, CodedError, type NodeId } from '@cl-hive/core';
import { type Migration, type Owner, replaceDatabase, type StoreLog } from '@cl-hive/store';
import { copyFolder, isDone, markDone, readPlan, readyOf } from './vault-place.ts';

/** Why a restore that was decided cannot be carried out. */
export type PendingRestoreErrorCode = 'restore_other_node';

/** What carrying out a restore needs. */
export interface PendingRestore {
  readonly lightningDir: string;
  readonly owner: Owner;
  readonly node: NodeId;
  /** Path of the database, or a `postgres://` URL. */
  readonly location: string;
  /** As for opening the database. */
  readonly markerFile?: string;
  readonly migrations: readonly Migration[];
  readonly clock: Clock;
  readonly log: StoreLog;
  /** Called before each step; for tests that end the process there. */
  readonly step?: (name: string) => void;
}

/**
 * Takes the restored database where a plan says so, before the old one is opened. After a crash at any
 * point the next call goes on. Throws `restore_other_node`, `restore_plan_damaged`, and what replacing a
 * database throws: then nothing is opened at all.
 */
export async function takePendingRestore(pending: PendingRestore): Promise<void> {
  const { lightningDir, owner, node, location, log, step } = pending;
  const plan = readPlan(lightningDir);
  const component = plan?.components.find((one) => one.owner === owner);
  if (plan === undefined || component === undefined || isDone(lightningDir, plan.id, owner)) {
    return;
  }
  if (plan.node !== node) {
    throw new CodedError<PendingRestoreErrorCode>(
      'restore_other_node',
      `what is to be restored is of the node ${plan.node}, this node is ${node}`,
      { remedy: 'remove the folder cl-hive-vault/restore of this node' },
    );
  }
  const kept = await replaceDatabase({
    ...pending,
    from: readyOf(copyFolder(lightningDir, 'restore', plan.id), owner),
    mark: component,
    to: location,
    aside: `.before-${plan.id}`,
  });
  step?.('done');
  markDone(lightningDir, plan.id, owner);
  const { generation } = component;
  log('unusual', `the restored database is in place, epoch ${generation}; the old one is ${kept}`);
}
