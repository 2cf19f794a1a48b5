import { createHash } from 'node:crypto';
import {
  array,
  type Decoded,
  hex,
  integer,
  object,
  oneOf,
  parseJson,
  stringifyJson,
  text,
} from '@cl-hive/core';
import { type TableDigest } from './digest.ts';
import { storeError } from './errors.ts';
import { MANIFEST_LENGTH_MAX, MANIFEST_TABLES_MAX } from './limits.ts';
import { OWNERS } from './ownership.ts';
import type { Session } from './session.ts';

/** The table of a backup that holds its manifest; no live database has it. */
export const MANIFEST_TABLE = 'store_backup_manifest';

const decodeTable = object({ name: text(128), rows: integer(0), digest: hex(32) });

const decodeManifest = object({
  format: oneOf('cl-hive-store-backup-1'),
  owner: oneOf(...OWNERS),
  databaseId: text(64),
  schemaVersion: integer(0),
  generation: integer(0),
  takenAt: integer(0),
  tables: array(decodeTable, MANIFEST_TABLES_MAX),
});

/**
 * What a backup holds: whose, which database, its schema version, when it was taken (Unix
 * milliseconds), and count and digest of each table's rows.
 */
export type BackupManifest = Decoded<typeof decodeManifest>;

/** Stores the manifest in the backup that it describes. */
export async function writeManifest(session: Session, manifest: BackupManifest): Promise<void> {
  const content = stringifyJson(manifest);
  await session.query(
    `create table ${MANIFEST_TABLE} (content text not null, digest text not null) strict`,
  );
  await session.query(`insert into ${MANIFEST_TABLE} (content, digest) values (?, ?)`, [
    content,
    sha256(content),
  ]);
}

/** Reads the manifest of a backup. Throws `store_backup_invalid` when there is no sound one. */
export async function readManifest(session: Session, place: string): Promise<BackupManifest> {
  try {
    const { rows } = await session.query(`select content, digest from ${MANIFEST_TABLE} limit 2`);
    const content = text(MANIFEST_LENGTH_MAX)(rows[0]?.['content']);
    if (rows.length !== 1 || sha256(content) !== rows[0]?.['digest']) {
      throw new RangeError('the manifest does not have the digest that stands beside it');
    }
    return decodeManifest(parseJson(content));
  } catch (cause) {
    throw storeError(
      'store_backup_invalid',
      `${place} is no backup of this program, or its manifest is damaged`,
      'give a file that the backup command wrote, or use another backup',
      { cause, data: { place } },
    );
  }
}

/** Puts the parts of a manifest together. */
export function makeManifest(
  about: Omit<BackupManifest, 'format' | 'tables'>,
  tables: readonly TableDigest[],
): BackupManifest {
  return { format: 'cl-hive-store-backup-1', ...about, tables };
}

function sha256(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}
