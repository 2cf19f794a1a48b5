import { type AgentKey, newest } from '@cl-hive/archon';
import { describeError } from '@cl-hive/core';
import type { Store } from '@cl-hive/store';
import { type DidStore, storedDid } from '../dids/did-store.ts';
import type { ArchonDatabase, IdentityRow } from '../store/database.ts';
import type { OwnKeys } from './own-keys.ts';
import type { OwnRecord, OwnRecords } from './own-record.ts';

/** What {@link catchUp} works with. */
export interface CatchUpParts {
  readonly store: Store<ArchonDatabase>;
  readonly dids: DidStore;
  readonly keys: OwnKeys;
  readonly records: Pick<OwnRecords, 'load'>;
  readonly warn: (message: string) => void;
}

/** N of a key that is named `#key-N`; 0 for any other name. */
export function keyNumberOf(key: Pick<AgentKey, 'id'> | undefined): number {
  return Number(/^#key-([1-9]\d{0,6})$/.exec(key?.id ?? '')?.[1] ?? 0);
}

/** Whether two public keys are the same. */
export function sameKey(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/**
 * The row with what lightningd's datastore knows beyond it: a database that was put back from a backup must
 * not take the identity back to a key that was rotated away. What does not verify is told and not used.
 */
export async function catchUp(parts: CatchUpParts, row: IdentityRow): Promise<IdentityRow> {
  const { store, dids, records, keys, warn } = parts;
  const known = await dids.chain(storedDid(row.did));
  let record: OwnRecord | undefined;
  try {
    record = await records.load();
  } catch (error) {
    warn(`lightningd's datastore is not asked about the identity: ${describeError(error)}`);
  }
  const newer = record?.events.slice(known?.events.length ?? 0) ?? [];
  const first = record?.events[0]?.operation.id ?? '';
  if (record?.number !== row.number || `did:cid:${first}` !== row.did || newer.length === 0) {
    return row;
  }
  try {
    return await store.transact(async (tx) => {
      let chain = known;
      for (const event of newer) {
        chain = await dids.add(tx, event, true);
      }
      const named = chain && newest(chain).key;
      const key = await keys.didKey(row.number, Math.max(1, keyNumberOf(named)));
      if (named === undefined || !sameKey(named.key, key.publicKey)) {
        throw new RangeError('its last key is not of this node');
      }
      const changed = { key_number: keyNumberOf(named), sealed: null };
      await tx
        .updateTable('archon_identities')
        .set(changed)
        .where('number', '=', row.number)
        .execute();
      return { ...row, ...changed };
    });
  } catch (error) {
    warn(`what lightningd's datastore knows of the identity is not used: ${describeError(error)}`);
    return row;
  }
}
