import type { Kysely } from 'kysely';

/** What can read: a store's committed state, or a transaction's own. */
export type Reader<DB> = Pick<Kysely<DB>, 'selectFrom' | 'fn'>;

/**
 * What can write, inside one transaction. A function that takes a {@link Reader} takes a transactor
 * too, never the other way round.
 */
export interface Transactor<DB>
  extends Reader<DB>,
    Pick<Kysely<DB>, 'insertInto' | 'updateTable' | 'deleteFrom'> {
  /**
   * Calls `hook` once after the commit, in order of registration; never when the transaction is
   * undone. For telling others; a hook that throws is logged, because the commit stands. Not
   * persisted: a process killed in between does not call it again.
   */
  onCommit(hook: () => void | Promise<void>): void;
}

/** The reading face of a Kysely. */
export function readerOf<DB>(db: Kysely<DB>): Reader<DB> {
  return { selectFrom: db.selectFrom.bind(db), fn: db.fn };
}

/** The writing face of a Kysely that stands on one transaction. */
export function transactorOf<DB>(
  db: Kysely<DB>,
  hooks: (() => void | Promise<void>)[],
): Transactor<DB> {
  return {
    ...readerOf(db),
    insertInto: db.insertInto.bind(db),
    updateTable: db.updateTable.bind(db),
    deleteFrom: db.deleteFrom.bind(db),
    onCommit: (hook) => {
      hooks.push(hook);
    },
  };
}
