import { createHash } from 'node:crypto';
import { DRILL_ATTEMPTS, DRILL_ROWS } from '../limits.ts';
import { quoteName } from '../session.ts';
import type { SqliteSession } from '../sqlite-session.ts';

/** Digits of an amount as the store writes it (msat-column.ts). */
const MSAT_DIGITS = 20;

interface Column {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
  /** Values that a constraint of the table names. */
  readonly named: readonly string[];
}

/** What the columns of a table take, as far as its own text says. */
function columnsOf(session: SqliteSession, table: string): readonly Column[] {
  const [definition] = session.run(`select sql from sqlite_schema where name = '${table}'`).rows;
  const text = definition?.['sql'];
  const sql = typeof text === 'string' ? text : '';
  return session
    .run(`select name, type, "notnull" as required from pragma_table_info('${table}')`)
    .rows.map((row) => {
      const name = String(row['name']);
      const list = new RegExp(`\\b${name}\\s+in\\s*\\(([^)]*)\\)`, 'i').exec(sql)?.[1] ?? '';
      const one = new RegExp(`\\b${name}\\s*=\\s*('[^']*'|\\d+)`, 'gi');
      const named = [...list.split(','), ...[...sql.matchAll(one)].map((match) => match[1] ?? '')];
      return {
        name,
        type: String(row['type']).toLowerCase(),
        nullable: Number(row['required']) === 0,
        named: named
          .map((value) => value.trim().replace(/^'|'$/g, ''))
          .filter((value) => value !== ''),
      };
    });
}

/** A value for the `attempt`-th try at a row: what constraints name first, then anything of the type. */
function valueFor(table: string, column: Column, attempt: number): unknown {
  const dice = createHash('sha256').update(`${table} ${column.name} ${attempt}`).digest();
  const pick = dice.readUInt32BE(0);
  const named = column.named[pick % Math.max(1, column.named.length)];
  if (column.nullable && pick % 3 === 0) {
    return null;
  }
  switch (column.type) {
    case 'integer':
      return named === undefined || !/^\d+$/.test(named) ? attempt + 1 : Number(named);
    case 'real':
      return attempt + 0.5;
    case 'blob':
      return dice;
    default:
      if (column.name.endsWith('_msat')) {
        return String(attempt + 1).padStart(MSAT_DIGITS, '0');
      }
      // Beyond ASCII, so that an encoding that is not kept shows.
      return named ?? `${column.name} ${attempt} \u00fc\u4e16 ${dice.toString('hex')}`;
  }
}

/** Puts rows into a table as its constraints allow; gives how many it holds then. */
export async function fillTable(session: SqliteSession, table: string): Promise<number> {
  const columns = columnsOf(session, table);
  const names = columns.map(({ name }) => quoteName(name)).join(', ');
  const marks = columns.map(() => '?').join(', ');
  const count = (): number =>
    Number(session.run(`select count(*) as n from ${quoteName(table)}`).rows[0]?.['n']);
  for (let attempt = 0; attempt < DRILL_ATTEMPTS && count() < DRILL_ROWS; attempt += 1) {
    const values = columns.map((column) => valueFor(table, column, attempt));
    await session
      .query(`insert or ignore into ${quoteName(table)} (${names}) values (${marks})`, values)
      .catch(
        // A row that a constraint refuses is one try less.
        () => undefined,
      );
  }
  return count();
}
