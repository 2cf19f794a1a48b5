import type { ClientBase } from 'pg';
import { ROWS_PER_TURN } from './limits.ts';
import { translatePostgresError } from './postgres-errors.ts';
import { quoteName, type RawValue, type Session, type SessionResult } from './session.ts';
import { toParameter, toSafeNumber } from './values.ts';

type Parser = (text: string) => unknown;

const INTEGERS = new Set([20, 21, 23, 26]);
const REALS = new Set([700, 701]);
const NUMERIC = 1700;
const BOOL = 16;
const BYTEA = 17;
const WRITES = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);
/** PostgreSQL takes at most 65,535 parameters in a statement. */
const PARAMETERS_MAX = 60_000;

/** Values as SQLite would give them: integers and truth values as numbers, never changed silently. */
const NARROW = {
  getTypeParser: (oid: number): Parser => {
    if (INTEGERS.has(oid)) {
      return (text) => toSafeNumber(BigInt(text));
    }
    if (oid === NUMERIC) {
      return (text) => (/^-?\d+$/.test(text) ? toSafeNumber(BigInt(text)) : Number(text));
    }
    if (oid === BOOL) {
      return (text) => (text === 't' ? 1 : 0);
    }
    return REALS.has(oid) ? Number : oid === BYTEA ? parseBytea : (text) => text;
  },
};

const RAW = {
  getTypeParser: (oid: number): Parser => (INTEGERS.has(oid) ? BigInt : NARROW.getTypeParser(oid)),
};

function parseBytea(text: string): Uint8Array {
  return Buffer.from(text.slice(2), 'hex');
}

/** A session over one connection of pg; statements run one after another. */
export class PostgresSession implements Session {
  readonly dialect = 'postgres';
  readonly #client: ClientBase;
  readonly #place: string;
  #tail: Promise<unknown> = Promise.resolve();
  #lost = false;
  #cursors = 0;

  /** `place` names the database in errors. */
  constructor(client: ClientBase, place: string) {
    this.#client = client;
    this.#place = place;
    const lose = () => {
      this.#lost = true;
    };
    client.on('error', lose);
    client.on('end', lose);
  }

  /** Whether the connection is gone. */
  get lost(): boolean {
    return this.#lost;
  }

  async query(sql: string, parameters: readonly unknown[] = []): Promise<SessionResult> {
    const values = parameters.map(toParameter);
    const result = await this.#run(() => this.#client.query({ text: sql, values, types: NARROW }));
    return {
      rows: result.rows,
      affected: WRITES.has(result.command) ? BigInt(result.rowCount ?? 0) : 0n,
    };
  }

  /** Ends a transaction. Returns false when the server had undone it before. */
  async commit(): Promise<boolean> {
    const result = await this.#run(() => this.#client.query('commit'));
    return result.command === 'COMMIT';
  }

  async *rawRows(
    table: string,
    columns: readonly string[],
  ): AsyncGenerator<readonly RawValue[], void, undefined> {
    this.#cursors += 1;
    const cursor = `store_${this.#cursors}`;
    const list = columns.map(quoteName).join(', ');
    await this.query(
      `declare ${cursor} no scroll cursor for select ${list} from ${quoteName(table)}`,
    );
    for (;;) {
      const { rows } = await this.#run(() =>
        this.#client.query<RawValue[]>({
          text: `fetch ${ROWS_PER_TURN} from ${cursor}`,
          rowMode: 'array',
          types: RAW,
        }),
      );
      yield* rows;
      if (rows.length < ROWS_PER_TURN) {
        break;
      }
    }
    await this.query(`close ${cursor}`);
  }

  async insertRaw(
    table: string,
    columns: readonly string[],
    rows: readonly (readonly RawValue[])[],
  ): Promise<void> {
    const list = columns.map(quoteName).join(', ');
    const batch = Math.max(1, Math.floor(PARAMETERS_MAX / Math.max(1, columns.length)));
    for (let start = 0; start < rows.length; start += batch) {
      const part = rows.slice(start, start + batch);
      const tuples = part.map(
        (_, row) => `(${columns.map((_, at) => `$${row * columns.length + at + 1}`).join(', ')})`,
      );
      const text = `insert into ${quoteName(table)} (${list}) values ${tuples.join(', ')}`;
      await this.#run(() => this.#client.query({ text, values: part.flat() }));
    }
  }

  /** pg warns when statements overlap on one connection, so that they wait for one another here. */
  async #run<T>(start: () => Promise<T>): Promise<T> {
    const mine = this.#tail.then(start);
    this.#tail = mine.catch(() => undefined);
    try {
      return await mine;
    } catch (error) {
      throw translatePostgresError(error, this.#place);
    }
  }
}
