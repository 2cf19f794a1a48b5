import path from 'node:path';
import { SELF_PROTECTED } from '@cl-hive/comms';

/** Whether a file name is that of a plugin of the hive, with or without its extension. */
export function isOwnPlugin(file: string): boolean {
  return SELF_PROTECTED.test(file) || SELF_PROTECTED.test(path.parse(file).name);
}
