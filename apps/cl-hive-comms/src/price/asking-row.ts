import { parseJson, stringifyJson } from '@cl-hive/core';
import { ASKING_NOTHING, type Asking, askingToJson, decodeAsking } from '@cl-hive/payments';
import type { Reader, Transactor } from '@cl-hive/store';
import type { CommsDatabase } from '../store/database.ts';

/** What this node asks for; nothing while the operator has set nothing. */
export async function loadAsking(reader: Reader<CommsDatabase>): Promise<Asking> {
  const row = await reader.selectFrom('comms_prices').select('document').executeTakeFirst();
  return row === undefined ? ASKING_NOTHING : decodeAsking(parseJson(row.document));
}

/** Stores what is asked. */
export async function saveAsking(tx: Transactor<CommsDatabase>, asking: Asking): Promise<void> {
  const document = stringifyJson(askingToJson(asking));
  await tx
    .insertInto('comms_prices')
    .values({ id: 1, document })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ document }))
    .execute();
}
