import type { Transactor } from '@cl-hive/store';
import type { HiveDatabase } from '../store/database.ts';

/** A write of rows; runs in the transaction of its turn, and again when the database wants it again. */
export type Write = (transactor: Transactor<HiveDatabase>) => Promise<void>;

/** What must be written to get from one state to the next. */
export type RowsOf<S> = (before: S, after: S) => readonly Write[];

/**
 * A part of the plugin's state. What it holds is on disk: a turn gives it a new value only together
 * with the rows of that value.
 */
export class Cell<S> {
  readonly rows: RowsOf<S>;
  #value: S;

  constructor(value: S, rows: RowsOf<S>) {
    this.#value = value;
    this.rows = rows;
  }

  /** The stored value. */
  get value(): S {
    return this.#value;
  }

  /** For the line alone: takes the value over once its rows are on disk. */
  take(value: S): void {
    this.#value = value;
  }
}

/** The keys that a map gained, lost or has under another value. */
export function changedKeys<K, V>(
  before: ReadonlyMap<K, V>,
  after: ReadonlyMap<K, V>,
): { readonly set: readonly (readonly [K, V])[]; readonly removed: readonly K[] } {
  if (before === after) {
    return { set: [], removed: [] };
  }
  return {
    set: [...after].filter(([key, value]) => before.get(key) !== value || !before.has(key)),
    removed: [...before.keys()].filter((key) => !after.has(key)),
  };
}
