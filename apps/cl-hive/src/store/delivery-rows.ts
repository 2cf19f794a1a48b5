import { nodeId } from '@cl-hive/core';
import type { Outbox, Outgoing, Seen } from '@cl-hive/hive';
import { type HiveMessageName, MESSAGE_TYPES } from '@cl-hive/protocol';
import type { Reader } from '@cl-hive/store';
import { changedKeys, type Write } from '../line/cell.ts';
import type { HiveDatabase } from './database.ts';
import { readPayload, writePayload } from './wire-json.ts';

/** What brings the table of the outbox from one state to the next. */
export function outboxRows(before: Outbox, after: Outbox): readonly Write[] {
  const { set, removed } = changedKeys(before, after);
  return [
    ...removed.map((key): Write => {
      const gone = before.get(key);
      return async (tx) => {
        await tx
          .deleteFrom('hive_outbox')
          .where('peer_id', '=', gone?.to ?? '')
          .where('event_id', '=', gone?.eventId ?? '')
          .execute();
      };
    }),
    ...set.map(([, message]) => putOutgoing(message)),
  ];
}

function putOutgoing(message: Outgoing): Write {
  const { to, eventId, name, raw, queuedAt, dueAt, attempts } = message;
  return async (tx) => {
    await tx
      .insertInto('hive_outbox')
      .values({
        peer_id: to,
        event_id: eventId,
        name,
        payload: writePayload(raw),
        queued_at: queuedAt,
        due_at: dueAt,
        attempts,
      })
      .onConflict((conflict) =>
        conflict.columns(['peer_id', 'event_id']).doUpdateSet({ due_at: dueAt, attempts }),
      )
      .execute();
  };
}

/** The outbox as it is stored. */
export async function loadOutbox(reader: Reader<HiveDatabase>): Promise<Outbox> {
  const rows = await reader.selectFrom('hive_outbox').selectAll().orderBy('queued_at').execute();
  return new Map(
    rows.flatMap((row): [string, Outgoing][] => {
      if (!Object.hasOwn(MESSAGE_TYPES, row.name)) {
        return [];
      }
      const message = {
        to: nodeId(row.peer_id),
        eventId: row.event_id,
        name: row.name as HiveMessageName,
        raw: readPayload(row.payload),
        queuedAt: row.queued_at,
        dueAt: row.due_at,
        attempts: row.attempts,
      };
      return [[`${message.to}/${message.eventId}`, message]];
    }),
  );
}

/** What brings the table of handled events from one state to the next. */
export function seenRows(before: Seen, after: Seen): readonly Write[] {
  const none: ReadonlyMap<string, number> = new Map();
  const origins = changedKeys(before, after);
  return [
    ...origins.removed.map(
      (origin): Write =>
        async (tx) => {
          await tx.deleteFrom('hive_seen').where('origin', '=', origin).execute();
        },
    ),
    ...origins.set.flatMap(([origin, events]) => {
      const { set, removed } = changedKeys(before.get(origin) ?? none, events);
      return [
        ...removed.map(
          (id): Write =>
            async (tx) => {
              await tx
                .deleteFrom('hive_seen')
                .where('origin', '=', origin)
                .where('event_id', '=', id)
                .execute();
            },
        ),
        ...set.map(
          ([id, at]): Write =>
            async (tx) => {
              await tx
                .insertInto('hive_seen')
                .values({ origin, event_id: id, seen_at: at })
                .onConflict((conflict) => conflict.columns(['origin', 'event_id']).doNothing())
                .execute();
            },
        ),
      ];
    }),
  ];
}

/** The handled events as they are stored. */
export async function loadSeen(reader: Reader<HiveDatabase>): Promise<Seen> {
  const seen = new Map<ReturnType<typeof nodeId>, Map<string, number>>();
  for (const row of await reader.selectFrom('hive_seen').selectAll().execute()) {
    const origin = nodeId(row.origin);
    const events = seen.get(origin) ?? new Map<string, number>();
    seen.set(origin, events.set(row.event_id, row.seen_at));
  }
  return seen;
}
