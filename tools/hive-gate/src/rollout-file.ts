import { existsSync } from 'node:fs';
import { CodedError, parseJson, stringifyJson } from '@cl-hive/core';
import { type EntryBody, entryDigest, NOT_BEGUN, type Rollout, replay } from '@cl-hive/readiness';
import { readText, writeWhole } from './files.ts';
import { type Signer, verifyEd25519 } from './keys.ts';
import { JUNIT_BYTES_MAX } from './limits.ts';

/** Why a rollout's file was refused. */
export type RolloutFileError = 'rollout_file';

/** Reads a rollout's file, every entry verified; one that does not exist has not begun. */
export function readRollout(file: string, keys?: readonly string[]): Rollout {
  if (!existsSync(file)) {
    return NOT_BEGUN;
  }
  const lines = readText(file, JUNIT_BYTES_MAX)
    .split('\n')
    .filter((line) => line !== '');
  try {
    return replay(
      lines.map((line) => parseJson(line)),
      verifyEd25519,
      keys,
    );
  } catch (cause) {
    throw new CodedError<RolloutFileError>(
      'rollout_file',
      `${file} was changed by other hands: ${cause instanceof Error ? cause.message : ''}`,
      { cause, remedy: 'find out who wrote to it, and take it from a backup' },
    );
  }
}

/** Signs an entry and adds it to the file, on the disk when this resolves. */
export async function appendEntry(file: string, body: EntryBody, signer: Signer): Promise<void> {
  const digest = entryDigest(body);
  const signature = await signer('rollout', digest);
  const entry = stringifyJson({ body, digest, signature });
  const before = existsSync(file) ? readText(file, JUNIT_BYTES_MAX) : '';
  writeWhole(file, `${before}${entry}\n`);
}
