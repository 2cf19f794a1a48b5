import type { JsonObject } from '@cl-hive/core';
import { LabRpcError } from '../contract/node.ts';
import { INVALID_PARAMS, optionalInteger, optionalText } from './params.ts';

/** What every row of an indexed list carries; indices count from 1 and are never used again. */
export interface Row {
  readonly createdIndex: number;
  /** Number of the last change, from 1; undefined before the first. */
  updatedIndex: number | undefined;
}

/** A list with lightningd's created, updated and deleted indices, which `wait` follows. */
export class Table<T extends Row> {
  readonly #rows: T[] = [];
  #created = 0;
  #updated = 0;
  #deleted = 0;

  get rows(): readonly T[] {
    return this.#rows;
  }

  /** The highest index given out so far. */
  index(name: 'created' | 'updated' | 'deleted'): number {
    return name === 'created' ? this.#created : name === 'updated' ? this.#updated : this.#deleted;
  }

  add(make: (row: Row) => T): T {
    this.#created += 1;
    const row = make({ createdIndex: this.#created, updatedIndex: undefined });
    this.#rows.push(row);
    return row;
  }

  /** Notes that a row was changed. */
  touch(row: T): void {
    this.#updated += 1;
    row.updatedIndex = this.#updated;
  }

  remove(row: T): void {
    const at = this.#rows.indexOf(row);
    if (at !== -1) {
      this.#rows.splice(at, 1);
      this.#deleted += 1;
    }
  }

  /** The rows that `index`, `start` and `limit` of a list command ask for. */
  page(params: JsonObject): T[] {
    const index = optionalText(params, 'index');
    const start = optionalInteger(params, 'start');
    const limit = optionalInteger(params, 'limit', 0xffff_ffff);
    if (index === undefined && (start !== undefined || limit !== undefined)) {
      throw new LabRpcError(
        INVALID_PARAMS,
        `Can only specify {${start === undefined ? 'limit' : 'start'}} with {index}`,
      );
    }
    const found =
      index === undefined
        ? [...this.#rows]
        : this.#rows.filter((row) => {
            const value = index === 'updated' ? row.updatedIndex : row.createdIndex;
            return value !== undefined && value >= (start ?? 0);
          });
    if (index === 'updated') {
      found.sort((a, b) => (a.updatedIndex ?? 0) - (b.updatedIndex ?? 0));
    }
    return limit === undefined ? found : found.slice(0, limit);
  }
}

/** The members that carry a row's indices. */
export function indices(row: Row): JsonObject {
  return {
    created_index: row.createdIndex,
    ...(row.updatedIndex === undefined ? {} : { updated_index: row.updatedIndex }),
  };
}
