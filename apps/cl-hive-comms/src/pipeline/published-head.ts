import { type Anchor, publishDue } from '@cl-hive/comms';
import type { UnixMs } from '@cl-hive/core';
import type { Store } from '@cl-hive/store';
import type { CommsDatabase } from '../store/database.ts';

/** The newest head that was told to the outside; undefined when none was. */
export async function publishedHead(
  store: Store<CommsDatabase>,
): Promise<(Anchor & { readonly at: UnixMs }) | undefined> {
  const row = await store.reader.selectFrom('comms_published').selectAll().executeTakeFirst();
  return row && { seq: row.seq, digest: row.digest, at: row.at_ms as UnixMs };
}

/** Tells the head to the outside when it is time, and remembers it. */
export async function publishHead(
  store: Store<CommsDatabase>,
  head: Anchor,
  now: UnixMs,
  tell: (seq: number, digest: string) => void,
): Promise<void> {
  const before = (await publishedHead(store)) ?? { seq: 0, at: 0 as UnixMs };
  if (!publishDue(before, head.seq, now)) {
    return;
  }
  tell(head.seq, head.digest);
  const row = { seq: head.seq, digest: head.digest, at_ms: now };
  await store.transact(async (tx) => {
    await tx
      .insertInto('comms_published')
      .values({ id: 1, ...row })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
      .execute();
  });
}
