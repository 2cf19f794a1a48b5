import { chmodSync, constants, copyFileSync } from 'node:fs';
import { draftOf, publish, removeDrafts, translateFileError } from '@cl-hive/store';

/** Copies an archive to a new file, mode 0600, whole or not at all. Throws `store_exists`, faults of the disk. */
export async function copyArchive(from: string, to: string): Promise<void> {
  removeDrafts(to);
  const draft = draftOf(to);
  try {
    copyFileSync(from, draft, constants.COPYFILE_EXCL);
    chmodSync(draft, 0o600);
    publish(draft, to);
  } catch (error) {
    throw error instanceof Error && 'errno' in error ? translateFileError(error, to) : error;
  } finally {
    removeDrafts(to);
  }
}
