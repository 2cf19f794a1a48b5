import { randomUUID } from 'node:crypto';
import { describeError, isCodedError } from '@cl-hive/core';
import { inTransaction, type OpenContext, type Writer } from './backend.ts';
import { storeError } from './errors.ts';
import { missingError, readMarker, swappedError, writeMarker } from './marker.ts';
import { ddlOf, type Migration, migrationHash } from './migration.ts';
import { markTable, migrationsTable, type Owner } from './ownership.ts';
import { checkApplied, type Mark, readState, type SchemaState } from './schema-state.ts';
import type { Session } from './session.ts';

/**
 * Reads a database's state and refuses what may not be opened: another owner's, a newer one, one with
 * another history, an empty one where there was one, another than there was. Changes nothing.
 */
export async function inspect(
  session: Session,
  context: OpenContext,
  place: string,
): Promise<SchemaState> {
  const state = await readState(session, context.owner, place);
  checkMarker(state, context, place);
  if (state.kind === 'ours') {
    checkApplied(state.applied, context.migrations, context.owner, place);
  }
  return state;
}

/** Throws `store_missing` or `store_swapped` when the marker tells of another database. */
export function checkMarker(state: SchemaState, context: OpenContext, place: string): void {
  const { markerFile } = context;
  const marker = markerFile === undefined ? undefined : readMarker(markerFile);
  if (markerFile === undefined || marker === undefined) {
    return;
  }
  if (state.kind === 'empty') {
    throw missingError(place, markerFile);
  }
  if (marker.databaseId !== state.mark.databaseId || marker.owner !== state.mark.owner) {
    throw swappedError(place, markerFile);
  }
}

/** Marks a new database as the owner's, then runs the migrations that are missing. */
export async function bringUpToDate(
  writer: Writer,
  state: SchemaState,
  context: OpenContext,
): Promise<Mark> {
  const { owner, migrations, clock, log } = context;
  const mark: Mark =
    state.kind === 'ours'
      ? state.mark
      : { owner, databaseId: randomUUID(), createdAt: clock.now(), generation: 0 };
  if (state.kind === 'empty') {
    await inTransaction(writer, async () => {
      await createOwnTables(writer.session, owner);
      await writeMark(writer.session, mark);
    });
  }
  rememberDatabase(context, mark);
  const done = state.kind === 'ours' ? state.applied.length : 0;
  for (const migration of migrations.slice(done)) {
    await inTransaction(writer, () => runMigration(writer.session, owner, migration, clock.now()));
    log('info', `database: migration ${migration.id} (${migration.name}) done`);
  }
  return mark;
}

function rememberDatabase({ markerFile, owner }: OpenContext, mark: Mark): void {
  if (markerFile !== undefined && readMarker(markerFile) === undefined) {
    writeMarker(markerFile, { owner, databaseId: mark.databaseId });
  }
}

/** Creates the store's own two tables. */
export async function createOwnTables(session: Session, owner: Owner): Promise<void> {
  const ddl = ddlOf(session.dialect);
  const { text, integer } = ddl;
  await session.query(
    ddl.table(markTable(owner), `key ${text} primary key`, `value ${text} not null`),
  );
  await session.query(
    ddl.table(
      migrationsTable(owner),
      `id ${integer} primary key`,
      `name ${text} not null`,
      `hash ${text} not null`,
      `applied_at ${integer} not null`,
    ),
  );
}

async function writeMark(session: Session, mark: Mark): Promise<void> {
  const values: readonly (readonly [string, string])[] = [
    ['owner', mark.owner],
    ['database_id', mark.databaseId],
    ['created_at', String(mark.createdAt)],
    ['generation', String(mark.generation)],
  ];
  for (const [key, value] of values) {
    await session.query(
      `insert into ${markTable(mark.owner)} (key, value) values (${placeholders(session, 2)})`,
      [key, value],
    );
  }
}

/** Counts a restore in the mark of a database; to `atLeast` where that is more. */
export async function raiseGeneration(session: Session, owner: Owner, atLeast = 0): Promise<void> {
  const table = markTable(owner);
  const { rows } = await session.query(`select value from ${table} where key = 'generation'`);
  const next = Math.max(Number(rows[0]?.['value'] ?? 0) + 1, atLeast);
  await session.query(
    `update ${table} set value = ${placeholders(session, 1)} where key = 'generation'`,
    [String(next)],
  );
}

/** Runs one migration and writes it down. Throws `store_migration_failed`, or the fault of the disk. */
export async function runMigration(
  session: Session,
  owner: Owner,
  migration: Migration,
  now: number,
): Promise<void> {
  try {
    if (session.dialect === 'postgres') {
      await session.query('set local statement_timeout = 0');
    }
    for (const statement of migration.sql(ddlOf(session.dialect))) {
      await session.query(statement);
    }
    await session.query(
      `insert into ${migrationsTable(owner)} (id, name, hash, applied_at) values (${placeholders(session, 4)})`,
      [migration.id, migration.name, migrationHash(migration), now],
    );
  } catch (cause) {
    if (!isCodedError(cause, 'store_query') && !isCodedError(cause, 'store_constraint')) {
      throw cause;
    }
    throw storeError(
      'store_migration_failed',
      `migration ${migration.id} (${migration.name}) failed and was undone: ${describeError(cause)}`,
      'install the previous version again and report this; nothing in the database was changed',
      { cause, data: { migration: migration.id } },
    );
  }
}

function placeholders(session: Session, count: number): string {
  return Array.from({ length: count }, (_, index) =>
    session.dialect === 'postgres' ? `$${index + 1}` : '?',
  ).join(', ');
}
