import type { NodeId } from '@cl-hive/core';
import type { LockState } from './state.ts';
import type { LockCommand, LockMessage, LockRow, LockTable, LockTables } from './types.ts';

/**
 * One transition in the making. Whatever order its parts are decided in, all rows are stored in one
 * transaction before any command leaves, so that nothing is answered that is not on disk.
 */
export class Turn {
  state: LockState;
  readonly now: number;
  readonly #rows: LockRow[] = [];
  readonly #commands: LockCommand[] = [];

  constructor(state: LockState, now: number) {
    this.state = state;
    this.now = now;
  }

  /** Changes what is not on disk. */
  patch(change: Partial<Omit<LockState, 'self' | 'tables'>>): void {
    this.state = { ...this.state, ...change };
  }

  /** Sets or deletes a row. */
  row<T extends LockTable>(table: T, key: string, value: LockTables[T] | undefined): void {
    const next = new Map<string, LockTables[T]>(
      this.state.tables[table] as ReadonlyMap<string, LockTables[T]>,
    );
    if (value === undefined) {
      if (!next.delete(key)) {
        return;
      }
    } else {
      next.set(key, value);
    }
    this.state = { ...this.state, tables: { ...this.state.tables, [table]: next } };
    this.#rows.push({ table, key, value } as LockRow);
  }

  send(to: NodeId, message: LockMessage): void {
    this.#commands.push({ kind: 'send', to, message });
  }

  command(command: Exclude<LockCommand, { readonly kind: 'store' }>): void {
    this.#commands.push(command);
  }

  /** The transition: rows first. */
  end(): { readonly state: LockState; readonly commands: readonly LockCommand[] } {
    const store: LockCommand[] =
      this.#rows.length === 0 ? [] : [{ kind: 'store', rows: [...this.#rows] }];
    return { state: this.state, commands: [...store, ...this.#commands] };
  }
}
