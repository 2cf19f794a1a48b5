import type { Clock } from '@cl-hive/core';
import { sleep } from './backend.ts';
import { storeError } from './errors.ts';
import { createFile } from './files.ts';
import { LOCK_POLL_MS, LOCK_WAIT_MS } from './limits.ts';
import type { SqliteModule } from './sqlite-driver.ts';
import { sqliteCode, translateSqliteError } from './sqlite-errors.ts';

/**
 * Takes the exclusive lock of a database and gives the function that lets it go. The kernel lets it go
 * too when the process ends in any way. It is an open exclusive transaction on a file of its own,
 * because Node has no flock, and because a lock on the database itself would shut out its readers.
 *
 * The lock file is never opened by anything but SQLite: POSIX drops a process's locks on a file as
 * soon as any descriptor of it is closed. Throws `store_locked`.
 */
export async function lockFile(
  sqlite: SqliteModule,
  database: string,
  clock: Clock,
): Promise<() => void> {
  const file = `${database}.lock`;
  createFile(file);
  const deadline = clock.monotonic() + LOCK_WAIT_MS;
  for (;;) {
    const release = tryLock(sqlite, file);
    if (release !== undefined) {
      return release;
    }
    if (clock.monotonic() >= deadline) {
      throw storeError(
        'store_locked',
        `the database ${database} is in use by another process`,
        'stop the other instance of this plugin (a second lightningd on this folder, or one that has not ended), or give another location',
        { data: { place: database } },
      );
    }
    await sleep(clock, LOCK_POLL_MS);
  }
}

function tryLock(sqlite: SqliteModule, file: string): (() => void) | undefined {
  let lock: InstanceType<SqliteModule> | undefined;
  try {
    const db = new sqlite(file, { timeout: 0, fileMustExist: true });
    lock = db;
    // Nothing is ever written here: no journal beside the lock.
    db.pragma('journal_mode = MEMORY');
    db.exec('begin exclusive');
    return () => {
      db.close();
    };
  } catch (error) {
    lock?.close();
    if (sqliteCode(error).startsWith('SQLITE_BUSY')) {
      return undefined;
    }
    throw translateSqliteError(error, file);
  }
}
