import { chmodSync, existsSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '@cl-hive/core';
import {
  type Backend,
  type BackendInfo,
  inTransaction,
  type OpenContext,
  type Pin,
  sleep,
  type Writer,
} from './backend.ts';
import { storeError } from './errors.ts';
import { lockFile } from './file-lock.ts';
import { createFile, ensureFolder, FILE_MODE, syncPath, translateFileError } from './files.ts';
import {
  BUSY_BLOCK_MS,
  BUSY_WAIT_MS_MAX,
  LOCK_POLL_MS,
  LOG_KEPT_BYTES,
  QUICK_CHECK_BYTES_MAX,
} from './limits.ts';
import { missingError } from './marker.ts';
import { bringUpToDate, checkMarker, inspect } from './migrator.ts';
import type { SchemaState } from './schema-state.ts';
import type { Session } from './session.ts';
import { loadSqlite, type SqliteDatabase, type SqliteModule } from './sqlite-driver.ts';
import { sqliteCode, translateSqliteError } from './sqlite-errors.ts';
import { SqliteSession } from './sqlite-session.ts';

/** The path of a database file: absolute, links resolved, its folder made. */
export function resolveFile(location: string): string {
  if (location === '' || location.includes('\0') || /^(?:file:|:memory:$)/.test(location)) {
    throw storeError(
      'store_location',
      `${JSON.stringify(location)} is not the path of a database file`,
      'give a path, absolute or relative to the folder lightningd works in, or a postgres:// URL',
    );
  }
  const wanted = path.resolve(location);
  ensureFolder(path.dirname(wanted));
  try {
    return existsSync(wanted)
      ? realpathSync(wanted)
      : path.join(realpathSync(path.dirname(wanted)), path.basename(wanted));
  } catch (error) {
    throw translateFileError(error, wanted);
  }
}

/** Opens, and where nothing ever was makes, an SQLite database; see README for what is refused. */
export async function openSqlite(file: string, context: OpenContext): Promise<Backend> {
  const sqlite = await loadSqlite();
  const unlock = await lockFile(sqlite, file, context.clock);
  const opened: SqliteDatabase[] = [];
  try {
    const state = await examine(sqlite, file, context);
    const isNew = createFile(file);
    const writing = connect(sqlite, file, opened);
    applyPragmas(writing, file);
    if (isNew) {
      syncPath(path.dirname(file));
    }
    const writer = new SqliteWriter(writing, file, context.clock);
    await bringUpToDate(writer, state, context);
    const reading = connect(sqlite, file, opened, true);
    return new SqliteBackend(file, writing, reading, writer, unlock);
  } catch (error) {
    for (const db of opened) {
      db.close();
    }
    unlock();
    throw error;
  }
}

function connect(
  sqlite: SqliteModule,
  file: string,
  opened: SqliteDatabase[],
  readonly = false,
): SqliteDatabase {
  try {
    const db = new sqlite(file, { timeout: BUSY_BLOCK_MS, fileMustExist: true, readonly });
    opened.push(db);
    return db;
  } catch (error) {
    throw translateSqliteError(error, file);
  }
}

/** Looks at what is there through a connection that cannot write. */
async function examine(
  sqlite: SqliteModule,
  file: string,
  context: OpenContext,
): Promise<SchemaState> {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) {
    if (existsSync(`${file}-wal`) || existsSync(`${file}-journal`)) {
      throw missingError(file, existsSync(`${file}-wal`) ? `${file}-wal` : `${file}-journal`);
    }
    checkMarker({ kind: 'empty' }, context, file);
    return { kind: 'empty' };
  }
  const opened: SqliteDatabase[] = [];
  try {
    const session = new SqliteSession(connect(sqlite, file, opened, true), file);
    if (size <= QUICK_CHECK_BYTES_MAX) {
      checkPages(session, file);
    } else {
      context.log('info', `database ${file}: ${size} bytes, not all checked on opening`);
    }
    const state = await inspect(session, context, file);
    chmodSync(file, FILE_MODE);
    return state;
  } finally {
    for (const db of opened) {
      db.close();
    }
  }
}

/** Throws `store_corrupt` when a page or index of the database is damaged. */
export function checkPages(session: SqliteSession, place: string): void {
  const [row] = session.run('pragma quick_check(1)').rows;
  const verdict = Object.values(row ?? {})[0];
  if (verdict !== 'ok') {
    throw translateSqliteError(
      Object.assign(new Error(String(verdict)), { code: 'SQLITE_CORRUPT' }),
      place,
    );
  }
}

/** Sets a writing connection to be durable and strict. */
function applyPragmas(db: SqliteDatabase, place: string): void {
  try {
    const mode = db.pragma('journal_mode = WAL', { simple: true });
    if (mode !== 'wal') {
      throw storeError(
        'store_location',
        `the file system of ${place} has no shared memory, which write-ahead logging needs`,
        'give a location on a local disk, not on a network share',
      );
    }
    // FULL: an acknowledged commit is on disk. NORMAL would lose the last ones on power loss.
    db.pragma('synchronous = FULL');
    db.pragma(`journal_size_limit = ${LOG_KEPT_BYTES}`);
    db.pragma('foreign_keys = ON');
    db.pragma('trusted_schema = OFF');
  } catch (error) {
    throw translateSqliteError(error, place);
  }
}

/** A writing connection; BEGIN takes the write lock at once, so that no later statement can fail on it. */
class SqliteWriter implements Writer {
  readonly session: SqliteSession;
  readonly #db: SqliteDatabase;
  readonly #clock: Clock;

  constructor(db: SqliteDatabase, place: string, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
    this.session = new SqliteSession(db, place);
  }

  async begin(): Promise<void> {
    const deadline = this.#clock.monotonic() + BUSY_WAIT_MS_MAX;
    for (;;) {
      try {
        this.session.run('begin immediate');
        return;
      } catch (error) {
        const cause = error instanceof Error ? error.cause : undefined;
        if (!sqliteCode(cause).startsWith('SQLITE_BUSY') || this.#clock.monotonic() >= deadline) {
          throw error;
        }
      }
      await sleep(this.#clock, LOCK_POLL_MS);
    }
  }

  async commit(): Promise<void> {
    this.session.run('commit');
  }

  async rollback(): Promise<void> {
    // SQLite has already undone the transaction after some faults, a full disk among them.
    if (this.#db.open && this.#db.inTransaction) {
      try {
        this.session.run('rollback');
      } catch {
        // The fault that led here is the one to tell; a transaction still open fails the next BEGIN.
      }
    }
  }
}

class SqliteBackend implements Backend {
  readonly dialect = 'sqlite';
  readonly place: string;
  readonly #writing: SqliteDatabase;
  readonly #reading: SqliteDatabase;
  readonly #reader: SqliteSession;
  readonly #writer: SqliteWriter;
  readonly #unlock: () => void;
  readonly #pins = new Set<() => Promise<void>>();

  constructor(
    file: string,
    writing: SqliteDatabase,
    reading: SqliteDatabase,
    writer: SqliteWriter,
    unlock: () => void,
  ) {
    this.place = file;
    this.#writing = writing;
    this.#reading = reading;
    this.#reader = new SqliteSession(reading, file);
    this.#writer = writer;
    this.#unlock = unlock;
  }

  async acquireReader(): Promise<Session> {
    return this.#reader;
  }

  releaseReader(): void {}

  async writer(): Promise<Writer> {
    return this.#writer;
  }

  async info(): Promise<BackendInfo> {
    const [row] = this.#reader.run('select sqlite_version() as version').rows;
    return {
      engine: `SQLite ${String(row?.['version'])}`,
      sizeBytes: this.#reader.pragma('page_count') * this.#reader.pragma('page_size'),
      logBytes: statSync(`${this.place}-wal`, { throwIfNoEntry: false })?.size ?? 0,
      durable: this.#writer.session.pragma('synchronous') >= 2,
      replaceable: true,
    };
  }

  async pin(): Promise<Pin> {
    const opened: SqliteDatabase[] = [];
    const db = connect(await loadSqlite(), this.place, opened, true);
    const end = async (): Promise<void> => {
      db.close();
      this.#pins.delete(end);
    };
    this.#pins.add(end);
    try {
      // The first read fixes what this connection sees; a backup out of it needs no second try.
      db.exec('begin');
      db.prepare('select count(*) from sqlite_schema').get();
    } catch (error) {
      await end();
      throw translateSqliteError(error, this.place);
    }
    return {
      copy: async (draft) => {
        try {
          await db.backup(draft);
        } catch (error) {
          throw translateSqliteError(error, draft);
        }
      },
      end,
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pins].map((end) => end()));
    // The last connection to close moves the log into the file, which the reader could not.
    this.#reading.close();
    this.#writing.close();
    this.#unlock();
  }
}

/** Opens a private SQLite file for `work`, writing, in one transaction. */
export async function withSqliteFile<T>(
  file: string,
  clock: Clock,
  work: (session: SqliteSession) => Promise<T>,
): Promise<T> {
  const sqlite = await loadSqlite();
  const opened: SqliteDatabase[] = [];
  try {
    const db = connect(sqlite, file, opened);
    db.pragma('journal_mode = DELETE');
    // Rows are copied table by table, whole databases at a time, in no particular order.
    db.pragma('foreign_keys = OFF');
    const writer = new SqliteWriter(db, file, clock);
    return await inTransaction(writer, () => work(writer.session));
  } finally {
    for (const db of opened) {
      db.close();
    }
  }
}

/** Opens an SQLite file for `work` that only reads. */
export async function withReadOnlyFile<T>(
  file: string,
  work: (session: SqliteSession) => Promise<T>,
): Promise<T> {
  const sqlite = await loadSqlite();
  const opened: SqliteDatabase[] = [];
  try {
    const session = new SqliteSession(connect(sqlite, file, opened, true), file);
    return await work(session);
  } finally {
    for (const db of opened) {
      db.close();
    }
  }
}
