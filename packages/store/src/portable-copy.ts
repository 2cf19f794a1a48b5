import type { OpenContext } from './backend.ts';
import { listColumns, listTables } from './catalog.ts';
import { DigestBuilder, digestTables, firstDifference, type TableDigest } from './digest.ts';
import { storeError } from './errors.ts';
import { ROWS_PER_TURN } from './limits.ts';
import { createOwnTables, runMigration } from './migrator.ts';
import { checkApplied, readState } from './schema-state.ts';
import { quoteName, type RawValue, type Session } from './session.ts';
import { withSqliteFile } from './sqlite-backend.ts';

/** Makes the tables of schema version `version`, all empty. */
export async function createEmptySchema(
  session: Session,
  context: OpenContext,
  version: number,
): Promise<void> {
  await createOwnTables(session, context.owner);
  for (const migration of context.migrations.slice(0, version)) {
    await runMigration(session, context.owner, migration, 0);
  }
  await emptyTables(session, await listTables(session));
}

/** Deletes all rows, whatever refers to whatever: PostgreSQL in one statement, SQLite without checks. */
async function emptyTables(session: Session, tables: readonly string[]): Promise<void> {
  const names = tables.map(quoteName);
  if (session.dialect === 'postgres') {
    await session.query(`truncate ${names.join(', ')}`);
    return;
  }
  for (const name of names) {
    await session.query(`delete from ${name}`);
  }
}

/** Copies all rows of the named tables and gives the digests of what was read. */
export async function copyTables(
  from: Session,
  to: Session,
  tables: readonly string[],
): Promise<readonly TableDigest[]> {
  const digests: TableDigest[] = [];
  for (const table of tables) {
    const columns = await listColumns(from, table);
    const builder = new DigestBuilder(columns);
    let batch: (readonly RawValue[])[] = [];
    for await (const row of from.rawRows(table, columns)) {
      builder.add(row);
      batch.push(row);
      if (batch.length === ROWS_PER_TURN) {
        await to.insertRaw(table, columns, batch);
        batch = [];
      }
    }
    await to.insertRaw(table, columns, batch);
    digests.push(builder.finish(table));
  }
  return digests;
}

/** Throws `store_backup_invalid` unless the rows of `session` are those of `expected`. */
export async function checkRows(
  session: Session,
  expected: readonly TableDigest[],
  place: string,
): Promise<void> {
  const found = await digestTables(session, await listTables(session));
  const table = firstDifference(expected, found);
  if (table !== undefined) {
    throw storeError(
      'store_backup_invalid',
      `the table ${table} in ${place} does not hold the rows that were backed up`,
      'use another backup; nothing was changed',
      { data: { place, table } },
    );
  }
}

/** Writes all rows that `from` sees into the SQLite file `draft`, and reads them back. */
export async function copyToSqlite(
  from: Session,
  draft: string,
  context: OpenContext,
  place: string,
): Promise<void> {
  const state = await readState(from, context.owner, place);
  const applied = state.kind === 'ours' ? state.applied : [];
  checkApplied(applied, context.migrations, context.owner, place);
  await withSqliteFile(draft, context.clock, async (to) => {
    await createEmptySchema(to, context, applied.length);
    const copied = await copyTables(from, to, await listTables(from));
    await checkRows(to, copied, draft);
    for (const { table, last } of await readSequences(from)) {
      to.run('delete from sqlite_sequence where name = ?', [table]);
      to.run('insert into sqlite_sequence (name, seq) values (?, ?)', [table, last]);
    }
  });
}

/** The last key that a `serialKey` gave. */
interface Sequence {
  readonly table: string;
  readonly last: number;
}

async function readSequences(from: Session): Promise<readonly Sequence[]> {
  const { rows } = await from.query(SEQUENCES);
  const found: Sequence[] = [];
  for (const row of rows) {
    const state = await from.query(`select last_value, is_called from ${String(row['sequence'])}`);
    if (state.rows[0]?.['is_called'] === 1) {
      found.push({ table: String(row['table']), last: Number(state.rows[0]['last_value']) });
    }
  }
  return found;
}

/** Lets the `serialKey`s of PostgreSQL go on where those of an SQLite file stopped. */
export async function writeSequences(from: Session, to: Session): Promise<void> {
  const tables = await from.query("select 1 from sqlite_schema where name = 'sqlite_sequence'");
  if (tables.rows.length === 0) {
    return;
  }
  const { rows } = await from.query('select name, seq from sqlite_sequence');
  const sequences = (await to.query(SEQUENCES)).rows;
  for (const row of rows) {
    const sequence = sequences.find((candidate) => candidate['table'] === row['name']);
    if (sequence !== undefined && Number(row['seq']) > 0) {
      await to.query('select setval($1::regclass, $2)', [sequence['sequence'], row['seq']]);
    }
  }
}

const SEQUENCES = `select c.relname::text as table,
  pg_get_serial_sequence(quote_ident(c.relname), a.attname) as sequence
  from pg_class c join pg_attribute a on a.attrelid = c.oid
  where c.relnamespace = (select oid from pg_namespace where nspname = current_schema())
  and a.attidentity <> ''`;
