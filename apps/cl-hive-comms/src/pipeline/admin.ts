import { addReceipt } from '@cl-hive/comms';
import type { Clock, JsonObject, NodeId, UnixMs } from '@cl-hive/core';
import type { Store, Transactor } from '@cl-hive/store';
import type { CommsDatabase } from '../store/database.ts';

/** What the operator's changes work with. */
export interface AdminParts {
  readonly store: Store<CommsDatabase>;
  readonly clock: Pick<Clock, 'now'>;
  readonly node: NodeId;
  /** Told after each change. */
  readonly wrote: () => void;
}

/** A change with what its receipt says. */
export interface Change<T> {
  readonly value: T;
  /** What was changed, in the receipt: no secrets, amounts as decimal texts. */
  readonly receipt: JsonObject;
}

/**
 * Carries out an operator's change: the change and its `admin` receipt are one transaction. `work` may
 * run again and must only write.
 */
export async function administer<T>(
  { store, clock, node, wrote }: AdminParts,
  what: string,
  work: (tx: Transactor<CommsDatabase>, now: UnixMs) => Promise<Change<T>>,
): Promise<T> {
  const now = clock.now();
  const value = await store.transact(async (tx) => {
    const change = await work(tx, now);
    const data = { change: what, ...change.receipt };
    await addReceipt(tx, { kind: 'admin', at: now, data }, node);
    return change.value;
  });
  wrote();
  return value;
}
