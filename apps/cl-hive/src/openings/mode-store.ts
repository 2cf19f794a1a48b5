import type { GovernanceMode } from '@cl-hive/hive';
import type { Reader } from '@cl-hive/store';
import type { HiveDatabase } from '../store/database.ts';
import { isMode } from './options.ts';

/** Key in `hive_meta` of the mode that `hive-set-mode` chose. */
export const MODE_KEY = 'governance_mode';

/** The mode that a person chose by `hive-set-mode`, which holds over restarts. */
export async function readMode(reader: Reader<HiveDatabase>): Promise<GovernanceMode | undefined> {
  const row = await reader
    .selectFrom('hive_meta')
    .select('value')
    .where('key', '=', MODE_KEY)
    .executeTakeFirst();
  return isMode(row?.value) ? row.value : undefined;
}
