import { readFile, stat } from 'node:fs/promises';
import { CodedError, describeError } from '@cl-hive/core';

/** Why a key file was not read. */
export type KeyFileErrorCode = 'key_file_unreadable' | 'key_file_exposed';

/** Longest key file that is read, bytes: a key and its line ends fit many times. */
const KEY_FILE_MAX = 1024;

/** Reads a file that holds a key alone. Throws CodedError {@link KeyFileErrorCode}. */
export async function readKeyFile(file: string): Promise<string> {
  try {
    const { mode, size } = await stat(file);
    if ((mode & 0o077) !== 0) {
      throw new CodedError<KeyFileErrorCode>(
        'key_file_exposed',
        `nsec_file: others may read ${file}`,
        { remedy: `chmod 600 ${file}, and consider the key known to whoever could read it` },
      );
    }
    if (size > KEY_FILE_MAX) {
      throw new RangeError(`it is larger than ${KEY_FILE_MAX} bytes`);
    }
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof CodedError) {
      throw error;
    }
    throw new CodedError<KeyFileErrorCode>(
      'key_file_unreadable',
      `nsec_file: ${file} cannot be read: ${describeError(error)}`,
      {
        remedy:
          'name a file on the node that holds the key alone, readable by the user of lightningd',
      },
    );
  }
}
