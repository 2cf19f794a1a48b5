import type { OpenContext } from './backend.ts';
import type { TableDigest } from './digest.ts';
import { checkRows, copyTables, createEmptySchema, writeSequences } from './portable-copy.ts';
import { quoteName, type Session } from './session.ts';
import { withReadOnlyFile } from './sqlite-backend.ts';

/** What a schema of PostgreSQL is filled with. */
export interface Filling {
  /** An SQLite file. */
  readonly from: string;
  /** Its schema version. */
  readonly version: number;
  /** Its tables that are taken, and what has to be in them afterwards. */
  readonly tables: readonly TableDigest[];
}

/**
 * Makes the tables of a schema version in an empty schema and takes all rows of an SQLite file over, within
 * the transaction of `session`. Throws `store_backup_invalid` when they are not what was expected.
 */
export async function fillPostgres(
  session: Session,
  context: OpenContext,
  { from, version, tables }: Filling,
  place: string,
): Promise<void> {
  await session.query('set local statement_timeout = 0');
  await createEmptySchema(session, context, version);
  const restoreKeys = await dropForeignKeys(session);
  await withReadOnlyFile(from, async (file) => {
    await copyTables(
      file,
      session,
      tables.map(({ name }) => name),
    );
    await writeSequences(file, session);
  });
  await checkRows(session, tables, place);
  await restoreKeys();
}

/** Takes all foreign keys away, so that rows can come in any order, and gives what puts them back. */
async function dropForeignKeys(session: Session): Promise<() => Promise<void>> {
  const { rows } = await session.query(
    `select conrelid::regclass::text as child, conname::text as name,
      pg_get_constraintdef(oid) as definition from pg_constraint where contype = 'f'
      and connamespace = (select oid from pg_namespace where nspname = current_schema())`,
  );
  for (const row of rows) {
    await session.query(
      `alter table ${String(row['child'])} drop constraint ${quoteName(String(row['name']))}`,
    );
  }
  return async () => {
    for (const row of rows) {
      await session.query(
        `alter table ${String(row['child'])} add constraint ${quoteName(String(row['name']))} ${String(row['definition'])}`,
      );
    }
  };
}
