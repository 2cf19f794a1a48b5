import type { Write } from '../line/cell.ts';

/** Key of the time in `hive_meta`. */
export const TIME_KEY = 'time';

/** The write that sets a value of `hive_meta`. */
export function setMeta(key: string, value: string): Write {
  return async (tx) => {
    await tx
      .insertInto('hive_meta')
      .values({ key, value })
      .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
      .execute();
  };
}

/** The write that removes a value of `hive_meta`. */
export function dropMeta(key: string): Write {
  return async (tx) => {
    await tx.deleteFrom('hive_meta').where('key', '=', key).execute();
  };
}
