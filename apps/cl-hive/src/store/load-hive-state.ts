import { integer, type NodeId, object, parseJson, type UnixMs } from '@cl-hive/core';
import type { Reader } from '@cl-hive/store';
import type { HiveState } from '../hive-core.ts';
import type { StoredTime } from '../line/hive-time.ts';
import type { HiveDatabase } from './database.ts';
import { loadOutbox, loadSeen } from './delivery-rows.ts';
import { loadMembership } from './membership-rows.ts';
import { loadRecords } from './record-rows.ts';
import { TIME_KEY } from './rows.ts';
import { loadFleetState } from './state-rows.ts';

const milliseconds = integer(0, Number.MAX_SAFE_INTEGER);
const decodeTime = object({ guardMs: milliseconds, wall: milliseconds });

async function loadTime(reader: Reader<HiveDatabase>): Promise<StoredTime | undefined> {
  const row = await reader
    .selectFrom('hive_meta')
    .select('value')
    .where('key', '=', TIME_KEY)
    .executeTakeFirst();
  if (row === undefined) {
    return undefined;
  }
  const { guardMs, wall } = decodeTime(parseJson(row.value));
  return { guardMs, wall: wall as UnixMs };
}

/** Everything that the hive goes on from. Throws DecodeError on rows that this plugin did not write. */
export async function loadHiveState(
  reader: Reader<HiveDatabase>,
  self: NodeId,
): Promise<HiveState> {
  return {
    membership: await loadMembership(reader, self),
    ...(await loadFleetState(reader, self)),
    outbox: await loadOutbox(reader),
    seen: await loadSeen(reader),
    records: await loadRecords(reader),
    time: await loadTime(reader),
  };
}
