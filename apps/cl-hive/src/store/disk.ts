import type { Store } from '@cl-hive/store';
import type { Disk } from '../line/line.ts';
import type { HiveDatabase } from './database.ts';

/** The rows of a turn, in one transaction. */
export function diskOf(store: Store<HiveDatabase>): Disk {
  return {
    commit: (writes) =>
      store.transact(async (transactor) => {
        for (const write of writes) {
          await write(transactor);
        }
      }),
  };
}
