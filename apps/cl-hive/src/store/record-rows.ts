import {
  array,
  bigInteger,
  boolean,
  integer,
  type JsonValue,
  type NodeId,
  nodeIdDecoder,
  object,
  optional,
  parseJson,
  stringifyJson,
} from '@cl-hive/core';
import type { Flow, Presence } from '@cl-hive/hive';
import type { Reader } from '@cl-hive/store';
import type { StoredRecords } from '../hive-core.ts';
import type { Write } from '../line/cell.ts';
import type { HiveDatabase } from './database.ts';

const whole = integer(0, Number.MAX_SAFE_INTEGER);
const amount = bigInteger(0n, (1n << 64n) - 1n);
const decodeRecord = object({
  presence: optional(
    object({
      online: boolean,
      since: whole,
      watchedFrom: whole,
      days: array(object({ day: whole, ms: whole }), 64),
    }),
  ),
  flows: optional(array(object({ day: whole, forwarded: amount, received: amount }), 64)),
});

function documentOf(presence: Presence | undefined, flows: ReadonlyMap<number, Flow> | undefined) {
  const record: Record<string, JsonValue> = {};
  if (presence !== undefined) {
    const days = [...presence.days].map(([day, ms]) => ({ day, ms }));
    record['presence'] = { ...presence, days };
  }
  if (flows !== undefined) {
    record['flows'] = [...flows].map(([day, { forwardedMsat, receivedMsat }]) => ({
      day,
      forwarded: forwardedMsat,
      received: receivedMsat,
    }));
  }
  return stringifyJson(record);
}

/** What brings the table of records from one state to the next. */
export function recordRows(before: StoredRecords, after: StoredRecords): readonly Write[] {
  const nodes = new Set<NodeId>([...after.presence.keys(), ...after.contributions.keys()]);
  const gone = [...before.presence.keys(), ...before.contributions.keys()].filter(
    (node) => !nodes.has(node),
  );
  return [
    ...gone.map(
      (node): Write =>
        async (tx) => {
          await tx.deleteFrom('hive_records').where('peer_id', '=', node).execute();
        },
    ),
    ...[...nodes].map((node): Write => {
      const document = documentOf(after.presence.get(node), after.contributions.get(node));
      return async (tx) => {
        await tx
          .insertInto('hive_records')
          .values({ peer_id: node, document })
          .onConflict((conflict) => conflict.column('peer_id').doUpdateSet({ document }))
          .execute();
      };
    }),
  ];
}

/** The records as they are stored. Throws DecodeError on rows that this plugin did not write. */
export async function loadRecords(reader: Reader<HiveDatabase>): Promise<StoredRecords> {
  const presence = new Map<NodeId, Presence>();
  const contributions = new Map<NodeId, ReadonlyMap<number, Flow>>();
  for (const row of await reader.selectFrom('hive_records').selectAll().execute()) {
    const node = nodeIdDecoder(row.peer_id);
    const record = decodeRecord(parseJson(row.document));
    if (record.presence !== undefined) {
      const { days, ...rest } = record.presence;
      presence.set(node, { ...rest, days: new Map(days.map(({ day, ms }) => [day, ms])) });
    }
    if (record.flows !== undefined) {
      const flows = record.flows.map(
        ({ day, forwarded, received }) =>
          [day, { forwardedMsat: forwarded, receivedMsat: received }] as const,
      );
      contributions.set(node, new Map(flows));
    }
  }
  return { presence, contributions };
}
