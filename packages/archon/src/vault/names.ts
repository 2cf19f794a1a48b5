import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { translateFileError } from '@cl-hive/store';
import { vaultError } from './errors.ts';

const NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/;
/** Names that mean a device on some systems, whatever their ending. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/**
 * Reads the name of a file or folder in the vault: 1 to 64 letters, digits, `.`, `_`, `-`, beginning with
 * none of the last two or a dot. Throws `vault_name`.
 */
export function vaultName(name: unknown): string {
  if (typeof name !== 'string' || !NAME.test(name) || DEVICE.test(name)) {
    throw vaultError(
      'vault_name',
      'this is no name of the vault: 1 to 64 letters, digits, ".", "_" or "-", beginning with one of the first two',
      'take the name that hive-archon-backup-status shows',
    );
  }
  return name;
}

function refuse(folder: string, why: string): never {
  const remedy = 'name a folder of your own, by its whole path, that only this user can write to';
  throw vaultError('vault_place', `${folder} ${why}`, remedy, { data: { place: folder } });
}

/**
 * Checks a folder that archives or copies are written to, and makes it with mode 0700 where there is
 * none: whole path, no link, this user's, written by nobody else. Gives its real path. Throws
 * `vault_place`, and the faults of the disk.
 */
export function safeFolder(folder: string): string {
  if (!path.isAbsolute(folder) || folder.includes('\0') || path.resolve(folder) !== folder) {
    refuse(JSON.stringify(folder), 'is no whole, plain path');
  }
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOTDIR') {
      refuse(folder, 'lies below a file');
    }
    if (code !== 'EEXIST') {
      throw translateFileError(error, folder);
    }
  }
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found === undefined || !found.isDirectory()) {
    refuse(folder, found?.isSymbolicLink() === true ? 'is a link' : 'is no folder');
  }
  if (process.getuid !== undefined && found.uid !== process.getuid()) {
    refuse(folder, 'belongs to another user');
  }
  if ((found.mode & 0o022) !== 0) {
    refuse(folder, 'can be written by others');
  }
  return realpathSync(folder);
}
