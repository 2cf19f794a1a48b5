import { describeError } from '@cl-hive/core';
import { checkMigrations, ddlOf, type Migration } from './migration.ts';
import { createOwnTables } from './migrator.ts';
import { markTable, migrationsTable, type Owner, ownerOf } from './ownership.ts';
import { namedTables } from './sql-scan.ts';
import { loadSqlite } from './sqlite-driver.ts';
import { SqliteSession } from './sqlite-session.ts';

/** Something in a migration that reaches beyond what its plugin owns. */
export interface OwnershipViolation {
  readonly migration: number;
  /** The table, or empty where no single one is to blame. */
  readonly table: string;
  readonly reason: string;
}

/**
 * Everything in `migrations` that creates, changes, reads or refers to a table that `owner` does not
 * own, or to the store's own tables. Runs them on an empty database in memory and compares its schema
 * after each one, and reads their text for what running does not show.
 */
export async function checkOwnership(
  owner: Owner,
  migrations: readonly Migration[],
): Promise<readonly OwnershipViolation[]> {
  checkMigrations(migrations);
  const sqlite = await loadSqlite();
  const db = new sqlite(':memory:');
  try {
    const session = new SqliteSession(db, 'the trial database');
    await createOwnTables(session, owner);
    return migrations.flatMap((migration) => checkMigration(session, owner, migration));
  } finally {
    db.close();
  }
}

function checkMigration(
  session: SqliteSession,
  owner: Owner,
  migration: Migration,
): readonly OwnershipViolation[] {
  const reasons = new Map<string, string>();
  for (const statement of migration.sql(ddlOf('sqlite'))) {
    for (const table of namedTables(statement)) {
      note(reasons, owner, table);
    }
    try {
      session.run(statement);
    } catch (error) {
      reasons.set(
        '',
        `a statement does not run on the plugin's own tables: ${describeError(error)}`,
      );
    }
  }
  for (const table of tablesInSchema(session)) {
    if (table !== markTable(owner) && table !== migrationsTable(owner)) {
      note(reasons, owner, table);
    }
  }
  return [...reasons].map(([table, reason]) => ({ migration: migration.id, table, reason }));
}

function note(reasons: Map<string, string>, owner: Owner, table: string): void {
  const reason = whyNot(owner, table);
  if (reason !== undefined && !reasons.has(table)) {
    reasons.set(table, reason);
  }
}

/** Why a migration of `owner` may not name `table`; undefined where it may. */
function whyNot(owner: Owner, table: string): string | undefined {
  if (table.includes('.')) {
    return 'names a schema; a plugin has one database and no other';
  }
  if (table === markTable(owner) || table === migrationsTable(owner)) {
    return 'belongs to the store itself';
  }
  const found = ownerOf(table);
  if (found === owner) {
    return undefined;
  }
  return found === undefined ? `is owned by nobody, see OWNERSHIP` : `is owned by ${found}`;
}

/** Tables and views, those that indexes and triggers stand on, and those that foreign keys refer to. */
function tablesInSchema(session: SqliteSession): readonly string[] {
  const { rows } = session.run(
    `select tbl_name as name from sqlite_schema where substr(tbl_name, 1, 7) <> 'sqlite_'
     union select tbl_name from sqlite_temp_schema
     union select k."table" from sqlite_schema s, pragma_foreign_key_list(s.name) k where s.type = 'table'`,
  );
  return rows.map((row) => String(row['name']).toLowerCase());
}
