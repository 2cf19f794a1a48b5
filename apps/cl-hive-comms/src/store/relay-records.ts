import type { UnixMs } from '@cl-hive/core';
import type { Reader, Transactor } from '@cl-hive/store';
import type { StoredRelay } from '../transports/relay-list.ts';
import type { CommsDatabase } from './database.ts';

/** What the operator changed about the relays while the plugin ran, oldest first. */
export async function listRelays(reader: Reader<CommsDatabase>): Promise<readonly StoredRelay[]> {
  return reader
    .selectFrom('comms_relays')
    .select(['url', 'state'])
    .orderBy('at_ms')
    .orderBy('url')
    .execute();
}

/** Stores a change about a relay in the place of one before. */
export async function putRelay(
  tx: Transactor<CommsDatabase>,
  { url, state }: StoredRelay,
  at: UnixMs,
): Promise<void> {
  const row = { state, at_ms: at };
  await tx
    .insertInto('comms_relays')
    .values({ url, ...row })
    .onConflict((conflict) => conflict.column('url').doUpdateSet(row))
    .execute();
}

/** Forgets a change: what the option says holds again. */
export async function dropRelay(tx: Transactor<CommsDatabase>, url: string): Promise<void> {
  await tx.deleteFrom('comms_relays').where('url', '=', url).execute();
}
