import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describeError } from '@cl-hive/core';
import { storeError } from './errors.ts';

/** Readable and writable for the owner only. */
export const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** The code of a system error, `ENOENT`; undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** A failed system call on `place` as StoreError. */
export function translateFileError(cause: unknown, place: string): Error {
  const code = errnoOf(cause);
  const options = { cause, data: { place, errno: code } };
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return storeError('store_full', `no space is left for ${place}`, 'free disk space', options);
  }
  if (code === 'EFBIG') {
    const remedy = 'raise the limit on file sizes (ulimit -f, LimitFSIZE) of what runs lightningd';
    return storeError(
      'store_full',
      `${place} may not become as large as it has to`,
      remedy,
      options,
    );
  }
  if (code === 'EIO') {
    return storeError('store_io', `the disk failed at ${place}`, 'check the disk', options);
  }
  return storeError(
    'store_denied',
    `cannot create or open ${place}: ${describeError(cause)}`,
    'give the user that runs lightningd write access to that folder, or give another location',
    options,
  );
}

/** Makes a folder, and those above it, with mode 0700; an existing one stays as it is. */
export function ensureFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
  } catch (error) {
    throw translateFileError(error, folder);
  }
}

/** Makes an empty file with mode 0600. Returns false, and opens nothing, when it exists. */
export function createFile(file: string): boolean {
  try {
    closeSync(openSync(file, 'wx', FILE_MODE));
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') {
      return false;
    }
    throw translateFileError(error, file);
  }
}

/** Waits until the content of a file, or the names in a folder, are on disk. */
export function syncPath(place: string): void {
  const descriptor = openSync(place, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A name beside `target` for a file in the making; {@link removeDrafts} knows its form. */
export function draftOf(target: string): string {
  return `${target}.draft-${randomBytes(6).toString('hex')}`;
}

/** Removes what a killed process left of making `target`. */
export function removeDrafts(target: string): void {
  const start = `${path.basename(target)}.draft-`;
  const folder = path.dirname(target);
  for (const name of readdirSync(folder)) {
    if (name.startsWith(start)) {
      rmSync(path.join(folder, name), { force: true });
    }
  }
}

/**
 * Gives a finished, closed file its name, all or nothing, and on disk when it returns. Throws
 * `store_exists` where the name is taken: nothing is ever overwritten.
 */
export function publish(draft: string, target: string): void {
  try {
    syncPath(draft);
    linkNew(draft, target);
    syncPath(path.dirname(target));
  } catch (error) {
    throw errnoOf(error) === 'EEXIST' ? existsError(target) : translateFileError(error, target);
  }
}

function linkNew(draft: string, target: string): void {
  try {
    linkSync(draft, target);
    unlinkSync(draft);
  } catch (error) {
    // File systems without hard links (FAT, some network ones) cannot refuse an existing name atomically.
    const unsupported = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];
    if (!unsupported.includes(errnoOf(error) ?? '')) {
      throw error;
    }
    if (existsSync(target)) {
      throw existsError(target);
    }
    renameSync(draft, target);
  }
}

/** That `target` is there already. */
export function existsError(target: string): Error {
  return storeError(
    'store_exists',
    `${target} exists and is not overwritten`,
    'give a path where nothing is, or move the existing file away first',
    { data: { place: target } },
  );
}

/** Replaces a small file, all or nothing, with mode 0600, and on disk when it returns. */
export function replaceFile(file: string, content: string): void {
  const draft = draftOf(file);
  try {
    writeFileSync(draft, content, { mode: FILE_MODE, flag: 'wx' });
    syncPath(draft);
    renameSync(draft, file);
    syncPath(path.dirname(file));
  } catch (error) {
    rmSync(draft, { force: true });
    throw translateFileError(error, file);
  }
}
