import type { Reader, Transactor } from '@cl-hive/store';
import { TOKEN_USES_KEEP_MS } from '../limits.ts';
import type { TokenUse } from '../price/toll.ts';
import type { CommsTables } from './tables.ts';

/** How often a token was used. */
export async function countUses(
  reader: Reader<CommsTables>,
  token: string | undefined,
): Promise<number> {
  if (token === undefined) {
    return 0;
  }
  const row = await reader
    .selectFrom('comms_token_uses')
    .select((eb) => eb.fn.countAll<number | bigint | string>().as('uses'))
    .where('token', '=', token)
    .executeTakeFirst();
  return Number(row?.uses ?? 0);
}

/** Counts one use; the same request counts once. */
export async function putUse(
  tx: Transactor<CommsTables>,
  { token, principal, nonce, intent }: TokenUse,
  guardMs: number,
): Promise<void> {
  await tx
    .insertInto('comms_token_uses')
    .values({ token, principal, nonce, intent: intent ?? null, at_guard_ms: guardMs })
    .onConflict((conflict) => conflict.columns(['token', 'principal', 'nonce']).doNothing())
    .execute();
}

/** Gives back the use of a request that surely had no effect. */
export async function giveUseBack(tx: Transactor<CommsTables>, intent: number): Promise<void> {
  await tx.deleteFrom('comms_token_uses').where('intent', '=', intent).execute();
}

/** Forgets uses of tokens that have long ended. */
export async function pruneUses(tx: Transactor<CommsTables>, guardMs: number): Promise<void> {
  await tx
    .deleteFrom('comms_token_uses')
    .where('at_guard_ms', '<', guardMs - TOKEN_USES_KEEP_MS)
    .execute();
}
