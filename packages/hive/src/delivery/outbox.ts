import { type NodeId } from '@cl-hive/core';
import { type HiveMessageName, messageType, type WireObject } from '@cl-hive/protocol';
import { OUTBOX_PER_PEER_MAX, RESEND_FIRST_MS, RESEND_FOR_MS, RESEND_MOST_MS } from '../limits.ts';

/** A reliable message on its way to one peer; durable from before its first sending. */
export interface Outgoing {
  readonly eventId: string;
  readonly to: NodeId;
  readonly name: HiveMessageName;
  readonly raw: WireObject;
  /** Guard times in ms. */
  readonly queuedAt: number;
  readonly dueAt: number;
  readonly attempts: number;
}

/** What waits for acknowledgement, by `to/eventId`. */
export type Outbox = ReadonlyMap<string, Outgoing>;

const keyOf = (to: NodeId, eventId: string): string => `${to}/${eventId}`;

/** Queues a message; the same event to the same peer is queued once. Undefined: the peer's share is full. */
export function enqueue(
  outbox: Outbox,
  message: Pick<Outgoing, 'eventId' | 'to' | 'name' | 'raw'>,
  now: number,
): Outbox | undefined {
  const key = keyOf(message.to, message.eventId);
  if (outbox.has(key)) {
    return outbox;
  }
  const share = [...outbox.values()].filter(({ to }) => to === message.to).length;
  if (share >= OUTBOX_PER_PEER_MAX) {
    return undefined;
  }
  return new Map(outbox).set(key, { ...message, queuedAt: now, dueAt: now, attempts: 0 });
}

/** What to send now and what is given up; call again after `nextAt` (undefined: nothing waits). */
export function dueMessages(
  outbox: Outbox,
  now: number,
): {
  readonly outbox: Outbox;
  readonly send: readonly Outgoing[];
  readonly expired: readonly Outgoing[];
  readonly nextAt: number | undefined;
} {
  const next = new Map(outbox);
  const send: Outgoing[] = [];
  const expired: Outgoing[] = [];
  for (const [key, message] of outbox) {
    if (now - message.queuedAt >= RESEND_FOR_MS) {
      next.delete(key);
      expired.push(message);
    } else if (message.dueAt <= now) {
      const wait = Math.min(RESEND_FIRST_MS * 2 ** Math.min(message.attempts, 20), RESEND_MOST_MS);
      const again = { ...message, attempts: message.attempts + 1, dueAt: now + wait };
      next.set(key, again);
      send.push(again);
    }
  }
  const times = [...next.values()].map(({ dueAt }) => dueAt);
  return {
    outbox: next,
    send,
    expired,
    nextAt: times.length === 0 ? undefined : Math.min(...times),
  };
}

/** An explicit acknowledgement of `from`; one for a message to somebody else does nothing. */
export function acknowledge(outbox: Outbox, from: NodeId, eventId: string): Outbox {
  const next = new Map(outbox);
  return next.delete(keyOf(from, eventId)) ? next : outbox;
}

/** An implicit one: `from`'s answer of type `name` acknowledges the request that it answers. */
export function acknowledgeByAnswer(
  outbox: Outbox,
  from: NodeId,
  name: HiveMessageName,
  raw: WireObject,
): Outbox {
  const { acknowledges } = messageType(name);
  if (acknowledges === undefined) {
    return outbox;
  }
  const { request, by } = acknowledges;
  const answered = [...outbox].filter(
    ([, one]) =>
      one.to === from && one.name === request && raw[by] !== undefined && one.raw[by] === raw[by],
  );
  const next = new Map(outbox);
  for (const [key] of answered) {
    next.delete(key);
  }
  return answered.length === 0 ? outbox : next;
}
