import { addReceipt } from '@cl-hive/comms';
import type { NodeId, UnixMs } from '@cl-hive/core';
import type { Reader, Store } from '@cl-hive/store';
import type { IdentityRecord, IdentityRecords } from '../identity/identity.ts';
import type { CommsDatabase, IdentityRow } from './database.ts';

/** The node's identities in the plugin's database; each that follows another leaves a receipt. */
export function identityRecords(store: Store<CommsDatabase>, node: NodeId): IdentityRecords {
  return {
    current: async () => (await newest(store.reader, 1)).map(recordOf)[0],
    newest: async (limit) => (await newest(store.reader, limit)).map(recordOf),
    append: (record) =>
      store.transact(async (transactor) => {
        const [before] = await newest(transactor, 1);
        const version = (before?.version ?? 0) + 1;
        const { publicKey: key, source, createdAt: at, overlap } = record;
        await transactor
          .insertInto('comms_identity')
          .values({
            version,
            public_key: key,
            source,
            generation: record.generation,
            sealed_secret: record.sealedSecret,
            created_at: at,
            former_until: overlap?.until ?? null,
            former_guard_ms: overlap?.guardMs ?? null,
            announced: before === undefined ? 1 : 0,
          })
          .execute();
        if (before !== undefined) {
          const replaces = before.public_key;
          const data = { change: 'identity', public_key: key, source, version, replaces };
          await addReceipt(transactor, { kind: 'admin', at, data }, node);
        }
        return { ...record, version };
      }),
  };
}

/** Whether others still have to be told of the identity of that version. */
export async function isUnannounced(
  reader: Reader<CommsDatabase>,
  version: number,
): Promise<boolean> {
  const row = await reader
    .selectFrom('comms_identity')
    .select('announced')
    .where('version', '=', version)
    .executeTakeFirst();
  return row?.announced === 0;
}

/** Remembers that others were told. */
export async function markAnnounced(store: Store<CommsDatabase>, version: number): Promise<void> {
  await store.transact(async (tx) => {
    await tx
      .updateTable('comms_identity')
      .set({ announced: 1 })
      .where('version', '=', version)
      .execute();
  });
}

async function newest(
  reader: Reader<CommsDatabase>,
  limit: number,
): Promise<readonly IdentityRow[]> {
  return reader
    .selectFrom('comms_identity')
    .selectAll()
    .orderBy('version', 'desc')
    .limit(limit)
    .execute();
}

function recordOf(row: IdentityRow): IdentityRecord {
  const { former_guard_ms: guardMs, former_until: until } = row;
  return {
    version: row.version,
    publicKey: row.public_key,
    source: row.source,
    generation: row.generation,
    sealedSecret: row.sealed_secret,
    createdAt: row.created_at as UnixMs,
    overlap: guardMs === null || until === null ? undefined : { guardMs, until: until as UnixMs },
  };
}
