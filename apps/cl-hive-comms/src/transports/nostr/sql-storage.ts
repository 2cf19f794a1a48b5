import { parseJson, stringifyJson } from '@cl-hive/core';
import type { OutboxRecord, TransportStorage } from '@cl-hive/nostr-transport';
import type { Store } from '@cl-hive/store';

/** The rows of the Nostr transport's tables. */
export interface NostrTables {
  /** Date of the last event from which a subscription goes on, Unix seconds. */
  readonly comms_nostr_cursors: { readonly relay: string; readonly cursor: number };
  /** Events and messages that were worked on, with when. */
  readonly comms_nostr_seen: { readonly id: string; readonly at_ms: number };
  /** Events on their way out, as JSON. */
  readonly comms_nostr_outbox: {
    readonly id: string;
    readonly created_ms: number;
    readonly record: string;
  };
}

/** What the Nostr transport keeps, in the plugin's database. */
export function sqlNostrStorage(store: Store<NostrTables>): TransportStorage {
  return {
    loadCursor: async (relay) => {
      const query = store.reader.selectFrom('comms_nostr_cursors').select('cursor');
      return (await query.where('relay', '=', relay).executeTakeFirst())?.cursor;
    },
    saveCursor: (relay, cursor) =>
      store.transact(async (tx) => {
        await tx
          .insertInto('comms_nostr_cursors')
          .values({ relay, cursor })
          .onConflict((conflict) => conflict.column('relay').doUpdateSet({ cursor }))
          .execute();
      }),
    hasSeen: async (id) => {
      const query = store.reader.selectFrom('comms_nostr_seen').select('id').where('id', '=', id);
      return (await query.executeTakeFirst()) !== undefined;
    },
    markSeen: (ids, at) => markSeen(store, ids, at),
    pruneSeen: (before, most) => pruneSeen(store, before, most),
    loadOutbox: async () => {
      const query = store.reader.selectFrom('comms_nostr_outbox').select('record');
      const rows = await query.orderBy('created_ms').orderBy('id').execute();
      // Written by putOutbox below, into a database that nobody else opens.
      return rows.map(({ record }) => parseJson(record) as unknown as OutboxRecord);
    },
    putOutbox: (record) =>
      store.transact(async (tx) => {
        const { id, createdAt } = record;
        const row = { created_ms: createdAt, record: stringifyJson(record) };
        await tx
          .insertInto('comms_nostr_outbox')
          .values({ id, ...row })
          .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
          .execute();
      }),
    removeOutbox: (id) =>
      store.transact(async (tx) => {
        await tx.deleteFrom('comms_nostr_outbox').where('id', '=', id).execute();
      }),
  };
}

async function markSeen(
  store: Store<NostrTables>,
  ids: readonly string[],
  at: number,
): Promise<void> {
  if (ids.length === 0) {
    return;
  }
  await store.transact(async (tx) => {
    await tx
      .insertInto('comms_nostr_seen')
      .values(ids.map((id) => ({ id, at_ms: at })))
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
  });
}

async function pruneSeen(store: Store<NostrTables>, before: number, most: number): Promise<void> {
  await store.transact(async (tx) => {
    await tx.deleteFrom('comms_nostr_seen').where('at_ms', '<', before).execute();
    const newestToGo = await tx
      .selectFrom('comms_nostr_seen')
      .selectAll()
      .orderBy('at_ms', 'desc')
      .orderBy('id', 'desc')
      .limit(1)
      .offset(most)
      .executeTakeFirst();
    if (newestToGo !== undefined) {
      const { at_ms: at, id } = newestToGo;
      await tx.deleteFrom('comms_nostr_seen').where('at_ms', '<', at).execute();
      await tx
        .deleteFrom('comms_nostr_seen')
        .where('at_ms', '=', at)
        .where('id', '<=', id)
        .execute();
    }
  });
}
