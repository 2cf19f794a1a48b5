export { writeSqliteFile } from './sqlite-file.ts';
export { DATABASE_KINDS, type DatabaseKind, TestDatabases } from './test-databases.ts';
export { startPostgres, type TestPostgres } from './test-postgres.ts';
