import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { CodedError } from '@cl-hive/core';
import { nsecEncode } from 'nostr-tools/nip19';
import type { NostrKey } from './nostr-key.ts';

/**
 * Writes a secret key as `nsec1…` into a file that only the node's user can read, and gives its path.
 * Throws CodedError `export_exists` where there is such a file.
 */
export async function writeSecretFile(
  folder: string,
  name: string,
  { secret }: NostrKey,
): Promise<string> {
  const file = path.join(folder, name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    const handle = await open(file, 'wx', 0o600);
    try {
      await handle.write(`${nsecEncode(secret)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      throw new CodedError('export_exists', `${file} is there already`, {
        remedy: 'use it, or remove it first',
        cause: error,
      });
    }
    throw error;
  }
  return file;
}
