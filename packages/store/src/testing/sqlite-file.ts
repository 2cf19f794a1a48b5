import { loadSqlite } from '../sqlite-driver.ts';

/** Makes an SQLite file as another program would leave it: journal and all, from SQL statements. */
export async function writeSqliteFile(file: string, sql: string): Promise<void> {
  const Sqlite = await loadSqlite();
  const database = new Sqlite(file);
  database.pragma('journal_mode = WAL');
  database.exec(sql);
  database.close();
}
