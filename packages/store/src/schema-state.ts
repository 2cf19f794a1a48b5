import { listTables } from './catalog.ts';
import { storeError } from './errors.ts';
import { type Migration, migrationHash } from './migration.ts';
import { markTable, migrationsTable, OWNERS, type Owner } from './ownership.ts';
import type { Session } from './session.ts';

/** Who a database belongs to, and which it is. */
export interface Mark {
  readonly owner: Owner;
  /** Made once with the database; a backup and what is restored from it keep it. */
  readonly databaseId: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
  /** How often the database was restored; state of a higher one may repeat what was undone. */
  readonly generation: number;
}

/** A migration that ran. */
export interface AppliedMigration {
  readonly id: number;
  readonly name: string;
  readonly hash: string;
}

/** What was found in a database. */
export type SchemaState =
  | { readonly kind: 'empty' }
  | {
      readonly kind: 'ours';
      readonly mark: Mark;
      readonly applied: readonly AppliedMigration[];
    };

/** Reads whose database this is; changes nothing. Throws `store_foreign` when it is not `owner`'s. */
export async function readState(
  session: Session,
  owner: Owner,
  place: string,
): Promise<SchemaState> {
  const tables = await listTables(session);
  if (tables.length === 0) {
    return { kind: 'empty' };
  }
  if (!tables.includes(markTable(owner))) {
    const other = OWNERS.find((name) => tables.includes(markTable(name)));
    throw foreignError(owner, other ?? `another program (it has the table ${tables[0]})`, place);
  }
  const mark = await readMark(session, owner, place);
  const { rows } = await session.query(
    `select id, name, hash from ${migrationsTable(owner)} order by id`,
  );
  const applied = rows.map((row) => ({
    id: Number(row['id']),
    name: String(row['name']),
    hash: String(row['hash']),
  }));
  return { kind: 'ours', mark, applied };
}

async function readMark(session: Session, owner: Owner, place: string): Promise<Mark> {
  const { rows } = await session.query(`select key, value from ${markTable(owner)}`);
  const values = new Map(rows.map((row) => [row['key'], String(row['value'])]));
  const databaseId = values.get('database_id');
  if (databaseId === undefined || values.get('owner') !== owner) {
    throw foreignError(owner, values.get('owner') ?? 'another program', place);
  }
  return {
    owner,
    databaseId,
    createdAt: Number(values.get('created_at') ?? 0),
    generation: Number(values.get('generation') ?? 0),
  };
}

function foreignError(owner: Owner, other: string, place: string): Error {
  return storeError(
    'store_foreign',
    `the database ${place} belongs to ${other}, not to ${owner}; it was left untouched`,
    `give ${owner} a location of its own`,
    { data: { place, owner, found: other } },
  );
}

/**
 * Compares what ran with what the program has. Throws `store_newer` when the database is ahead of
 * the program and `store_migration_changed` when history differs.
 */
export function checkApplied(
  applied: readonly AppliedMigration[],
  migrations: readonly Migration[],
  owner: Owner,
  place: string,
): void {
  const last = applied.at(-1);
  if (last !== undefined && last.id > migrations.length) {
    throw storeError(
      'store_newer',
      `the database ${place} has schema version ${last.id} (${last.name}), but this ${owner} knows only up to version ${migrations.length}; it was left untouched`,
      `install a ${owner} that knows schema version ${last.id}, or restore a backup made by the version that runs now`,
      { data: { place, database: last.id, program: migrations.length } },
    );
  }
  for (const [index, ran] of applied.entries()) {
    const migration = migrations[index];
    if (migration === undefined || ran.id !== index + 1 || ran.hash !== migrationHash(migration)) {
      throw storeError(
        'store_migration_changed',
        `migration ${ran.id} (${ran.name}) ran on the database ${place} with a content that this ${owner} does not know; it was left untouched`,
        `install an unmodified release of ${owner}; a developer adds a new migration and never changes one that was released`,
        { data: { place, migration: ran.id } },
      );
    }
  }
}
