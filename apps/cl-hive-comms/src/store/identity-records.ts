import { addReceipt } from '@cl-hive/comms';
import type { NodeId, UnixMs } from '@cl-hive/core';
import type { Reader, Store } from '@cl-hive/store';
import type { IdentityRecord, IdentityRecords } from '../identity/identity.ts';
import type { CommsDatabase, IdentityRow } from './database.ts';

/** The node's identities in the plugin's database; each that follows another leaves a receipt. */
export function identityRecords(store: Store<CommsDatabase>, node: NodeId): IdentityRecords {
  return {
    current: async () => {
      const row = await newest(store.reader);
      return row === undefined ? undefined : recordOf(row);
    },
    append: (record) =>
      store.transact(async (transactor) => {
        const version = ((await newest(transactor))?.version ?? 0) + 1;
        await transactor
          .insertInto('comms_identity')
          .values({
            version,
            public_key: record.publicKey,
            source: record.source,
            sealed_secret: record.sealedSecret,
            created_at: record.createdAt,
          })
          .execute();
        if (version > 1) {
          const { publicKey: key, source, createdAt: at } = record;
          const data = { change: 'identity', public_key: key, source, version };
          await addReceipt(transactor, { kind: 'admin', at, data }, node);
        }
        return { ...record, version };
      }),
  };
}

async function newest(reader: Reader<CommsDatabase>): Promise<IdentityRow | undefined> {
  return reader
    .selectFrom('comms_identity')
    .selectAll()
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
}

function recordOf(row: IdentityRow): IdentityRecord {
  return {
    version: row.version,
    publicKey: row.public_key,
    source: row.source,
    sealedSecret: row.sealed_secret,
    createdAt: row.created_at as UnixMs,
  };
}
