// The type of a column that the database fills in, such as a serial key.
export type { Generated } from 'kysely';
export type { StoreLog } from './backend.ts';
export { verifyBackup } from './backup.ts';
export type { BackupManifest } from './backup-manifest.ts';
export type { TableDigest } from './digest.ts';
export type { StoreError, StoreErrorCode } from './errors.ts';
export {
  draftOf,
  ensureFolder,
  publish,
  removeDrafts,
  replaceFile,
  syncPath,
  translateFileError,
} from './files.ts';
export { readForeignSqlite } from './foreign-sqlite.ts';
export type { HeldState } from './held-state.ts';
export type { Ddl, Migration } from './migration.ts';
export {
  decodeMsat,
  decodeMsatSum,
  encodeMsat,
  type MsatSumText,
  type MsatText,
  sumMsat,
} from './msat-column.ts';
export { OWNERS, OWNERSHIP, type Owner, ownerOf } from './ownership.ts';
export { checkOwnership, type OwnershipViolation } from './ownership-check.ts';
export { replaceDatabase } from './replace.ts';
export type { ReplaceOptions } from './replace-options.ts';
export { type RestoreOptions, restoreBackup } from './restore.ts';
export { prepare, type Statement } from './statement.ts';
export { openStore, type Store, type StoreInfo, type StoreOptions } from './store.ts';
export type { Reader, Transactor } from './transactor.ts';
