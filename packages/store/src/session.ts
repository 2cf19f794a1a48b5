/** The database systems that a store can stand on. */
export type DialectName = 'sqlite' | 'postgres';

/** What a statement gave. */
export interface SessionResult {
  readonly rows: readonly Record<string, unknown>[];
  /** Rows inserted, updated or deleted; 0 for a statement that only reads. */
  readonly affected: bigint;
}

/** A value as stored: `bigint` is an integer, `number` a real. */
export type RawValue = null | bigint | number | string | Uint8Array;

/** One connection to a database. All failures are StoreErrors. */
export interface Session {
  readonly dialect: DialectName;
  /** Runs one statement; integers come as `number`, refused where a double would change them. */
  query(sql: string, parameters?: readonly unknown[]): Promise<SessionResult>;
  /** All rows of a table, the named columns only, in no particular order; inside a transaction. */
  rawRows(table: string, columns: readonly string[]): AsyncIterable<readonly RawValue[]>;
  /** Inserts rows as {@link rawRows} gave them. */
  insertRaw(
    table: string,
    columns: readonly string[],
    rows: readonly (readonly RawValue[])[],
  ): Promise<void>;
}

/** `name` as an SQL identifier. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
