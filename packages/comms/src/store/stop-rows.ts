import type { UnixMs } from '@cl-hive/core';
import type { Reader, Transactor } from '@cl-hive/store';
import type { PayStop } from '../orders/stop.ts';
import type { CommsTables } from './tables.ts';

function fromRow(row: CommsTables['comms_pay_stops']): PayStop {
  const { payer, intent, reason, since_ms: since } = row;
  return { payer, intent, reason, since: since as UnixMs };
}

/** Why a payer is stopped; undefined when it may pay. */
export async function findStop(
  reader: Reader<CommsTables>,
  payer: string,
): Promise<PayStop | undefined> {
  const row = await reader
    .selectFrom('comms_pay_stops')
    .selectAll()
    .where('payer', '=', payer)
    .executeTakeFirst();
  return row && fromRow(row);
}

/** All payers that are stopped. */
export async function listStops(reader: Reader<CommsTables>): Promise<readonly PayStop[]> {
  const rows = await reader.selectFrom('comms_pay_stops').selectAll().orderBy('payer').execute();
  return rows.map(fromRow);
}

/** Stops a payer; of several payments without effect the first is kept. */
export async function putStop(tx: Transactor<CommsTables>, stop: PayStop): Promise<void> {
  const { payer, intent, reason, since } = stop;
  await tx
    .insertInto('comms_pay_stops')
    .values({ payer, intent, reason, since_ms: since })
    .onConflict((conflict) => conflict.column('payer').doNothing())
    .execute();
}

/** Lets a payer go on; false when it was not stopped. */
export async function removeStop(tx: Transactor<CommsTables>, payer: string): Promise<boolean> {
  const gone = await tx.deleteFrom('comms_pay_stops').where('payer', '=', payer).executeTakeFirst();
  return gone.numDeletedRows > 0n;
}
