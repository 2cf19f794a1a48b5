import type { Clock } from '@cl-hive/core';
import type { StoreLog } from './backend.ts';
import { storeError } from './errors.ts';
import type { Migration } from './migration.ts';
import type { Owner } from './ownership.ts';

/** By what a restored database is known: no other has both. */
interface ReplaceMark {
  readonly databaseId: string;
  readonly generation: number;
}

/** What a database is replaced with. */
export interface ReplaceOptions {
  /** A database that `restoreBackup` made; it stays where it is. */
  readonly from: string;
  /** Its mark, as it was when the replacement was decided. */
  readonly mark: ReplaceMark;
  /** The path of the database to replace, or where none is; or a `postgres://` URL. */
  readonly to: string;
  readonly owner: Owner;
  /** The program's migrations; the restored database's schema version must be among them. */
  readonly migrations: readonly Migration[];
  /** Added to the name of the old database, or of the owner for the schema of its tables; it stays beside. */
  readonly aside: string;
  readonly clock: Clock;
  readonly log: StoreLog;
  /** As for opening the store. */
  readonly markerFile?: string;
  /** Called before each step; for tests that end the process there. */
  readonly step?: (name: string) => void;
}

/** Whether a database is the restored one. */
export function isSameMark(found: ReplaceMark | undefined, wanted: ReplaceMark): boolean {
  return found?.databaseId === wanted.databaseId && found.generation === wanted.generation;
}

/** That what a restore was decided on is not there. */
export function restoredMissing(from: string): Error {
  return storeError(
    'store_missing',
    `the restored database ${from} is not there any more, or is another one`,
    'restore the backup once more',
    { data: { place: from } },
  );
}
