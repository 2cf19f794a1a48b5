import { isJsonObject, parseJson, stringifyJson } from '@cl-hive/core';
import type { LockRow, LockState, LockTable } from '@cl-hive/hive';
import type { Reader } from '@cl-hive/store';
import { changedKeys, type Write } from '../line/cell.ts';
import type { HiveDatabase } from '../store/database.ts';

/** All rows of the lock, as only this plugin writes them. */
export async function readLock(reader: Reader<HiveDatabase>): Promise<readonly LockRow[]> {
  const rows = await reader.selectFrom('hive_lock').selectAll().execute();
  return rows.map(({ tbl, key, value }) => {
    const table = tbl as LockTable;
    return { table, key, value: decode(table, value) } as LockRow;
  });
}

function decode(table: LockTable, text: string): LockRow['value'] {
  const value = parseJson(text);
  const sat = isJsonObject(value) ? value['capacitySat'] : undefined;
  const wish = table === 'wishes' && (typeof sat === 'number' || typeof sat === 'bigint');
  const found = wish && isJsonObject(value) ? { ...value, capacitySat: BigInt(sat) } : value;
  return found as unknown as LockRow['value'];
}

/** The writes from one state of the lock to the next. */
export function lockWrites(before: LockState, after: LockState): readonly Write[] {
  return (Object.keys(after.tables) as LockTable[]).flatMap((table) => {
    const { set, removed } = changedKeys<string, unknown>(
      before.tables[table],
      after.tables[table],
    );
    return [
      ...removed.map((key) => remove(table, key)),
      ...set.map(([key, value]) => write(table, key, stringifyJson(value))),
    ];
  });
}

function write(tbl: string, key: string, value: string): Write {
  return async (transactor) => {
    await transactor
      .insertInto('hive_lock')
      .values({ tbl, key, value })
      .onConflict((conflict) => conflict.columns(['tbl', 'key']).doUpdateSet({ value }))
      .execute();
  };
}

function remove(tbl: string, key: string): Write {
  return async (transactor) => {
    await transactor
      .deleteFrom('hive_lock')
      .where('tbl', '=', tbl)
      .where('key', '=', key)
      .execute();
  };
}
