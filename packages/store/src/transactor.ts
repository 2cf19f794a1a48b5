import type { Kysely } from 'kysely';
import type { DialectName } from './session.ts';
import type { Statement } from './statement.ts';

/** What can read: a store's committed state, or a transaction's own. */
export interface Reader<DB> extends Pick<Kysely<DB>, 'selectFrom' | 'fn'> {
  /** Runs a statement that was prepared; its rows, none for one that only writes. */
  run<V extends object, R>(statement: Statement<V, R>, values: V): Promise<readonly R[]>;
}

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
export function readerOf<DB>(db: Kysely<DB>, dialect: DialectName): Reader<DB> {
  return {
    selectFrom: db.selectFrom.bind(db),
    fn: db.fn,
    run: async (statement, values) => (await db.executeQuery(statement.with(dialect, values))).rows,
  };
}

/** The writing face of a Kysely that stands on one transaction. */
export function transactorOf<DB>(
  db: Kysely<DB>,
  dialect: DialectName,
  hooks: (() => void | Promise<void>)[],
): Transactor<DB> {
  return {
    ...readerOf(db, dialect),
    insertInto: db.insertInto.bind(db),
    updateTable: db.updateTable.bind(db),
    deleteFrom: db.deleteFrom.bind(db),
    onCommit: (hook) => {
      hooks.push(hook);
    },
  };
}
