import { storeError } from './errors.ts';
import type { DialectName, Session } from './session.ts';

const TABLES: Readonly<Record<DialectName, string>> = {
  sqlite: "select name from sqlite_schema where type = 'table' and substr(name, 1, 7) <> 'sqlite_'",
  // Tables that belong to an extension of PostgreSQL are nobody's data.
  postgres: `select c.relname::text as name from pg_class c
    where c.relnamespace = (select oid from pg_namespace where nspname = current_schema())
    and c.relkind in ('r', 'p') and not exists (select 1 from pg_depend d
      where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')`,
};

const COLUMNS: Readonly<Record<DialectName, string>> = {
  sqlite: 'select name, type from pragma_table_info(?)',
  postgres: `select a.attname::text as name, format_type(a.atttypid, null) as type
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = (select oid from pg_namespace where nspname = current_schema())
    and c.relname = $1 and a.attnum > 0 and not a.attisdropped`,
};

/** What rows can be copied of: the types that `Ddl` writes. */
const COPIED = new Set(['text', 'integer', 'bigint', 'double precision', 'real', 'bytea', 'blob']);

/** The tables of a database, sorted by code unit; the system's own are left out. */
export async function listTables(session: Session): Promise<readonly string[]> {
  const { rows } = await session.query(TABLES[session.dialect]);
  return rows.map((row) => String(row['name'])).sort();
}

/** The columns of a table, sorted by code unit. Throws `store_query` for a type that cannot be copied. */
export async function listColumns(session: Session, table: string): Promise<readonly string[]> {
  const { rows } = await session.query(COLUMNS[session.dialect], [table]);
  for (const row of rows) {
    if (!COPIED.has(String(row['type']).toLowerCase())) {
      throw storeError(
        'store_query',
        `column ${String(row['name'])} of ${table} has the type ${String(row['type'])}, which has no portable form`,
        'declare columns with the types that the ddl of a migration gives',
      );
    }
  }
  return rows.map((row) => String(row['name'])).sort();
}
