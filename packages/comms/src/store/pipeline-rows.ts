import type { Reader, Transactor } from '@cl-hive/store';
import { findIntent, putIntent } from './intent-rows.ts';
import type { CommsTables } from './tables.ts';

/** A principal's highest nonce, 0 for none. */
export async function highestNonce(
  reader: Reader<CommsTables>,
  principal: string,
): Promise<number> {
  const row = await reader
    .selectFrom('comms_nonces')
    .select('highest')
    .where('principal', '=', principal)
    .executeTakeFirst();
  return row?.highest ?? 0;
}

/** Stores a principal's highest nonce. */
export async function putNonce(
  tx: Transactor<CommsTables>,
  principal: string,
  highest: number,
): Promise<void> {
  await tx
    .insertInto('comms_nonces')
    .values({ principal, highest })
    .onConflict((conflict) => conflict.column('principal').doUpdateSet({ highest }))
    .execute();
}

/** Puts an intent's answer into the queue, with the receipt that records it. */
export async function queueAnswer(
  tx: Transactor<CommsTables>,
  id: number,
  receipt: { readonly seq: number; readonly digest: string } | undefined,
): Promise<void> {
  const intent = await findIntent(tx, id);
  if (intent?.outcome !== undefined && receipt !== undefined) {
    await putIntent(tx, { ...intent, outcome: { ...intent.outcome, receipt } });
  }
  await tx
    .insertInto('comms_answers')
    .values({ intent: id })
    .onConflict((conflict) => conflict.column('intent').doNothing())
    .execute();
}
