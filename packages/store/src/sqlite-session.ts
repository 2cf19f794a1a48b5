import type BetterSqlite3 from 'better-sqlite3';
import { ROWS_PER_TURN, STATEMENT_CACHE_MAX } from './limits.ts';
import { quoteName, type RawValue, type Session, type SessionResult } from './session.ts';
import type { SqliteDatabase } from './sqlite-driver.ts';
import { translateSqliteError } from './sqlite-errors.ts';
import { toParameter, toSafeNumber } from './values.ts';

type Statement = BetterSqlite3.Statement<unknown[], Record<string, unknown>>;

/** A session over one connection of better-sqlite3; every statement runs to its end at once. */
export class SqliteSession implements Session {
  readonly dialect = 'sqlite';
  readonly #db: SqliteDatabase;
  readonly #place: string;
  /** Least recently used first. */
  readonly #statements = new Map<string, Statement>();

  /** `place` names the database in errors. */
  constructor(db: SqliteDatabase, place: string) {
    this.#db = db.defaultSafeIntegers(true);
    this.#place = place;
  }

  /** Runs a statement now; {@link query} without the promise. */
  run(sql: string, parameters: readonly unknown[] = []): SessionResult {
    const values = parameters.map(toParameter);
    try {
      const statement = this.#prepare(sql);
      if (statement.reader) {
        const rows = statement.all(...values);
        for (const row of rows) {
          narrow(row);
        }
        return { rows, affected: 0n };
      }
      return { rows: [], affected: BigInt(statement.run(...values).changes) };
    } catch (error) {
      throw translateSqliteError(error, this.#place);
    }
  }

  async query(sql: string, parameters: readonly unknown[] = []): Promise<SessionResult> {
    return this.run(sql, parameters);
  }

  /** An integer that a pragma gives. */
  pragma(name: string): number {
    try {
      return Number(this.#db.pragma(name, { simple: true }));
    } catch (error) {
      throw translateSqliteError(error, this.#place);
    }
  }

  /** The connection must have no other use until the iteration ends. */
  async *rawRows(
    table: string,
    columns: readonly string[],
  ): AsyncGenerator<readonly RawValue[], void, undefined> {
    const list = columns.map(quoteName).join(', ');
    try {
      const rows = this.#db
        .prepare<[], RawValue[]>(`select ${list} from ${quoteName(table)}`)
        .raw(true)
        .iterate();
      let count = 0;
      for (const row of rows) {
        yield row;
        count += 1;
        if (count % ROWS_PER_TURN === 0) {
          await nextTurn();
        }
      }
    } catch (error) {
      throw translateSqliteError(error, this.#place);
    }
  }

  async insertRaw(
    table: string,
    columns: readonly string[],
    rows: readonly (readonly RawValue[])[],
  ): Promise<void> {
    const list = columns.map(quoteName).join(', ');
    const marks = columns.map(() => '?').join(', ');
    try {
      const statement = this.#prepare(
        `insert into ${quoteName(table)} (${list}) values (${marks})`,
      );
      for (const row of rows) {
        statement.run(...row);
      }
    } catch (error) {
      throw translateSqliteError(error, this.#place);
    }
  }

  #prepare(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare<unknown[], Record<string, unknown>>(sql);
      const [oldest] = this.#statements.keys();
      if (oldest !== undefined && this.#statements.size >= STATEMENT_CACHE_MAX) {
        this.#statements.delete(oldest);
      }
    } else {
      this.#statements.delete(sql);
    }
    this.#statements.set(sql, statement);
    return statement;
  }
}

function narrow(row: Record<string, unknown>): void {
  for (const key of Object.keys(row)) {
    const value = row[key];
    if (typeof value === 'bigint') {
      row[key] = toSafeNumber(value);
    }
  }
}

/** Lets the event loop handle what waits. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
