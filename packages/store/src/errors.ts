import { CodedError } from '@cl-hive/core';

/** Why the store refused or failed; the closed list of this package. */
export type StoreErrorCode =
  /** The location is neither a usable path nor a usable `postgres://` URL. */
  | 'store_location'
  /** The folder or file may not be written, or the database refuses this user. */
  | 'store_denied'
  /** The file is no SQLite database. */
  | 'store_not_a_database'
  /** The database is damaged. */
  | 'store_corrupt'
  /** A database was here, and now there is none or an empty one. */
  | 'store_missing'
  /** The database here is not the one that was here before. */
  | 'store_swapped'
  /** The database belongs to another plugin or program. */
  | 'store_foreign'
  /** The database was written by a newer program. */
  | 'store_newer'
  /** A migration differs from the one that ran. */
  | 'store_migration_changed'
  /** The list of migrations is not well formed. */
  | 'store_migration_invalid'
  /** A migration failed; the database is as before it. */
  | 'store_migration_failed'
  /** Another process has the database open. */
  | 'store_locked'
  /** A lock was not had in time; nothing was done. */
  | 'store_busy'
  /** Too many transactions wait; nothing was done. */
  | 'store_overloaded'
  /** The disk is full; the transaction was undone. */
  | 'store_full'
  /** Reading or writing the disk failed; the transaction was undone. */
  | 'store_io'
  /** The database server cannot be reached; nothing was done. */
  | 'store_unreachable'
  /** The connection broke or the disk failed during COMMIT: done or not done, nobody knows. */
  | 'store_outcome_unknown'
  /** The transaction took too long and was undone. */
  | 'store_timeout'
  /** Serialization failures beyond the attempts allowed; nothing was done. */
  | 'store_conflict'
  /** A constraint refused a row; the transaction was undone. `data.kind` says which kind. */
  | 'store_constraint'
  /** A value that cannot be stored, or read, exactly. */
  | 'store_value'
  /** The database refused a statement. */
  | 'store_query'
  /** `transact` inside `transact`. */
  | 'store_nested_transaction'
  /** A transactor was used after its transaction ended or failed. */
  | 'store_transaction_over'
  /** The store was closed. */
  | 'store_closed'
  /** The native part of better-sqlite3 does not load. */
  | 'store_native'
  /** The target of a backup or restore exists already. */
  | 'store_exists'
  /** A backup is damaged, incomplete or not a backup. */
  | 'store_backup_invalid';

/** A fault of the store. */
export type StoreError = CodedError<StoreErrorCode>;

/** Makes a {@link StoreError}. */
export function storeError(
  code: StoreErrorCode,
  message: string,
  remedy: string,
  options: { readonly data?: Readonly<Record<string, unknown>>; readonly cause?: unknown } = {},
): StoreError {
  return new CodedError<StoreErrorCode>(code, message, { remedy, ...options });
}
