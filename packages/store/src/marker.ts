import { readFileSync, statSync } from 'node:fs';
import { type Decoded, object, parseJson, stringifyJson, text } from '@cl-hive/core';
import { storeError } from './errors.ts';
import { errnoOf, replaceFile, translateFileError } from './files.ts';
import { MARKER_BYTES_MAX } from './limits.ts';

/**
 * What the marker says: that a database was made here, and which. It stands beside the database, so
 * that a database that has vanished is told from one that never was.
 */
export type Marker = Decoded<typeof decodeMarker>;

const decodeMarker = object({ owner: text(64), databaseId: text(64) });

/** Reads a marker; undefined where there is none. Throws `store_corrupt` on an unreadable one. */
export function readMarker(file: string): Marker | undefined {
  let content: string;
  try {
    if (statSync(file).size > MARKER_BYTES_MAX) {
      throw unreadable(file);
    }
    content = readFileSync(file, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') {
      return undefined;
    }
    throw errnoOf(error)?.startsWith('store_') === true ? error : translateFileError(error, file);
  }
  try {
    return decodeMarker(parseJson(content));
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

/** Writes a marker, durably. */
export function writeMarker(file: string, marker: Marker): void {
  replaceFile(file, `${stringifyJson(marker)}\n`);
}

function unreadable(file: string, cause?: unknown): Error {
  return storeError(
    'store_corrupt',
    `${file}, which says whether a database was here, is damaged`,
    'see that the database beside it is yours and whole, then remove this file; it is written anew',
    { cause, data: { place: file } },
  );
}

/** That a database was here and is gone. */
export function missingError(place: string, markerFile: string): Error {
  return storeError(
    'store_missing',
    `the database ${place} is gone or empty, but ${markerFile} says that there was one`,
    `bring the database back or restore a backup; only to begin anew, without its keys, grants and receipts, remove ${markerFile}`,
    { data: { place, marker: markerFile } },
  );
}

/** That another database stands where one was. */
export function swappedError(place: string, markerFile: string): Error {
  return storeError(
    'store_swapped',
    `the database ${place} is not the one that was used here before`,
    `bring the right one back; if the change is meant, remove ${markerFile}`,
    { data: { place, marker: markerFile } },
  );
}
