import { CodedError, describeError } from '@cl-hive/core';
import { type StoreErrorCode, storeError } from './errors.ts';

interface Meaning {
  readonly code: StoreErrorCode;
  readonly what: string;
  readonly remedy: string;
}

const CORRUPT: Meaning = {
  code: 'store_corrupt',
  what: 'is damaged',
  remedy:
    'stop the plugin, move the file away for analysis, and restore the newest backup; check the disk',
};
const DENIED: Meaning = {
  code: 'store_denied',
  what: 'may not be written',
  remedy:
    'give the user that runs lightningd write access to the file, its -wal and -shm files and their folder, and see that the disk is not mounted read-only',
};

/** By the first part of SQLite's result code (`SQLITE_IOERR_FSYNC` -> `IOERR`). */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  CORRUPT,
  NOTADB: {
    code: 'store_not_a_database',
    what: 'is no SQLite database',
    remedy: 'give another location, or move the file away and restore a backup in its place',
  },
  FULL: {
    code: 'store_full',
    what: 'cannot grow: the disk is full',
    remedy: 'free space on the disk; nothing was stored by this transaction',
  },
  IOERR: {
    code: 'store_io',
    what: 'cannot be read or written',
    remedy: 'look into the system log for disk errors; nothing was stored by this transaction',
  },
  BUSY: {
    code: 'store_busy',
    what: 'is locked by another program',
    remedy: 'close the other program (an sqlite3 shell or a backup tool) and try again',
  },
  READONLY: DENIED,
  CANTOPEN: DENIED,
  PERM: DENIED,
  AUTH: DENIED,
};

const KINDS: readonly (readonly [RegExp, string])[] = [
  [/UNIQUE|PRIMARYKEY|ROWID/, 'unique'],
  [/FOREIGNKEY/, 'foreign_key'],
  [/NOTNULL/, 'not_null'],
  [/CHECK/, 'check'],
  [/DATATYPE/, 'type'],
];

/** What better-sqlite3 threw, as StoreError; coded errors pass unchanged. */
export function translateSqliteError(cause: unknown, place: string): Error {
  if (cause instanceof CodedError) {
    return cause;
  }
  const result = sqliteCode(cause);
  // Growing the shared-memory file fails for want of space, though SQLite calls it an I/O error.
  const name = result === 'SQLITE_IOERR_SHMSIZE' ? 'FULL' : (result.split('_')[1] ?? '');
  const meaning = MEANINGS[name];
  const options = { cause, data: { place, result } };
  if (meaning !== undefined) {
    return storeError(
      meaning.code,
      `the database ${place} ${meaning.what}`,
      meaning.remedy,
      options,
    );
  }
  const text = describeError(cause);
  if (result.startsWith('SQLITE_CONSTRAINT')) {
    const kind = KINDS.find(([pattern]) => pattern.test(result))?.[1] ?? 'other';
    return storeError(
      'store_constraint',
      `the database refused a row: ${text}`,
      'the transaction was undone; a row that may be there already is inserted with onConflict',
      { cause, data: { place, result, kind } },
    );
  }
  return storeError(
    'store_query',
    `the database ${place} refused a statement: ${text}`,
    'this is a fault of the program: report it',
    options,
  );
}

/** SQLite's extended result code, `SQLITE_...`; empty for other errors. */
export function sqliteCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : '';
}
