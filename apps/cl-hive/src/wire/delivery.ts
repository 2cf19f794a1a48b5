import { compareCodeUnits, type NodeId } from '@cl-hive/core';
import { dueMessages, enqueue, noteEvent, type Outbox, relayOn, type Seen } from '@cl-hive/hive';
import {
  canonicalHash,
  eventId,
  type HiveMessageName,
  messageType,
  relayMessageId,
  type WireObject,
} from '@cl-hive/protocol';
import { RELAY_FANOUT } from '../limits.ts';
import { Cell } from '../line/cell.ts';
import type { Turn } from '../line/turn.ts';
import { outboxRows, seenRows } from '../store/delivery-rows.ts';
import type { Incoming } from './incoming.ts';
import { RELAYED } from './message-rules.ts';
import type { Post } from './post.ts';
import { Recent } from './recent.ts';

/** What delivery works with. */
export interface DeliveryParts {
  readonly self: NodeId;
  readonly post: Post;
  readonly outbox: Outbox;
  readonly seen: Seen;
  /** Members that are connected now, this node not among them. */
  readonly reachable: () => readonly NodeId[];
  readonly wallSeconds: () => number;
  readonly log: (level: 'unusual', message: string) => void;
}

/** A look at whether a message was handled before; `keep` remembers it, in its turn's transaction. */
export type Look =
  | { readonly kind: 'fresh'; readonly keep: () => void }
  | { readonly kind: 'repeated' | 'full' };

const HEADER = new Set(['_relay', '_event_id', '_envelope_version']);

/** Reliable messages, acknowledgements, copies, and passing on. */
export class Delivery {
  readonly outbox: Cell<Outbox>;
  readonly #parts: DeliveryParts;
  readonly #seen: Cell<Seen>;
  readonly #recent = new Recent();
  readonly #counts = { given_up: 0, refused_full: 0, passed_on: 0 };

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
    this.outbox = new Cell(parts.outbox, outboxRows);
    this.#seen = new Cell(parts.seen, seenRows);
  }

  /** Counts, for people. */
  get counts() {
    return { ...this.#counts, waiting: this.outbox.value.size };
  }

  /** Changes the outbox within a turn. */
  update(turn: Turn, change: (outbox: Outbox) => Outbox): void {
    const before = turn.get(this.outbox);
    const after = change(before);
    if (after !== before) {
      turn.set(this.outbox, after);
    }
  }

  /**
   * Sends a signed message of a reliable type until it is acknowledged, first when the turn is on
   * disk. False when the peer's share of the outbox is full; the caller decides what that means.
   */
  queue(turn: Turn, to: NodeId, name: HiveMessageName, raw: WireObject): boolean {
    const id = eventId(name, raw);
    if (!messageType(name).reliable || id === undefined) {
      turn.after(() => this.#parts.post.send(to, name, raw));
      return true;
    }
    const queued = enqueue(turn.get(this.outbox), { eventId: id, to, name, raw }, turn.now);
    if (queued === undefined) {
      this.#counts.refused_full += 1;
      this.#parts.log('unusual', `the outbox of ${to} is full; a ${name} was not queued`);
      return false;
    }
    turn.set(this.outbox, queued);
    this.flush(turn);
    return true;
  }

  /** Sends what is due, and gives up what waited too long. */
  flush(turn: Turn): void {
    const { outbox, send, expired } = dueMessages(turn.get(this.outbox), turn.now);
    if (send.length === 0 && expired.length === 0) {
      return;
    }
    turn.set(this.outbox, outbox);
    turn.after(() => {
      for (const { to, name, raw } of send) {
        this.#parts.post.send(to, name, raw);
      }
      for (const { to, name } of expired) {
        this.#counts.given_up += 1;
        this.#parts.log('unusual', `a ${name} for ${to} was never acknowledged and is given up`);
      }
    });
  }

  /** Whether something waits for a peer's acknowledgement. */
  waitsFor(peer: NodeId): boolean {
    return [...this.outbox.value.values()].some(({ to }) => to === peer);
  }

  /** Drops what waits for a peer. */
  drop(turn: Turn, peer: NodeId): void {
    this.update(turn, (outbox) => {
      const rest = new Map([...outbox].filter(([, { to }]) => to !== peer));
      return rest.size === outbox.size ? outbox : rest;
    });
  }

  /** Whether a message was handled before, as far as is on disk. */
  wasSeen({ message, author }: Incoming<HiveMessageName>): boolean {
    const id = eventId(message.name, message.raw);
    return id === undefined
      ? RELAYED.has(message.name) && this.#recent.has(contentId(message.name, author, message.raw))
      : this.#seen.value.get(author)?.has(id) === true;
  }

  /** The same within a turn. */
  look(turn: Turn, { message, author }: Incoming<HiveMessageName>): Look {
    const { name, raw } = message;
    const id = eventId(name, raw);
    if (id === undefined && !RELAYED.has(name)) {
      // It goes one hop, so the same once more is said once more: a HELLO has nothing that ever differs.
      return { kind: 'fresh', keep: () => undefined };
    }
    if (id === undefined) {
      const content = contentId(name, author, raw);
      return this.#recent.has(content)
        ? { kind: 'repeated' }
        : { kind: 'fresh', keep: () => turn.after(() => this.#recent.add(content)) };
    }
    const noted = noteEvent(turn.get(this.#seen), author, id, turn.now);
    if (noted.kind === 'full') {
      this.#parts.log('unusual', `too many events of ${author} are remembered; none is taken`);
    }
    return noted.kind === 'fresh'
      ? { kind: 'fresh', keep: () => turn.set(this.#seen, noted.seen) }
      : { kind: noted.kind };
  }

  /** Tells the author of a reliable message what became of it; others that deliver it are not told. */
  acknowledge({ message, from, relayed }: Incoming<HiveMessageName>, status: Status): void {
    const id = eventId(message.name, message.raw);
    if (relayed || id === undefined || !messageType(message.name).reliable) {
      return;
    }
    this.#parts.post.sendSigned(from, 'MSG_ACK', {
      ack_msg_id: id,
      status,
      sender_id: this.#parts.self,
      timestamp: this.#parts.wallSeconds(),
    });
  }

  /** Passes a message on to some members that have not had it. */
  passOn({ message, from, author }: Incoming<HiveMessageName>): void {
    const { self, reachable, post, wallSeconds } = this.#parts;
    const { header, name, raw } = message;
    const received = header._relay ?? {
      msg_id: relayMessageId(raw),
      ttl: 3,
      relay_path: [],
      origin: author,
      origin_ts: wallSeconds(),
    };
    const decision = relayOn(self, from, received, reachable());
    if (decision === undefined) {
      return;
    }
    // Some members, other ones for each message and for each that passes it on.
    const ranked = decision.to
      .filter((to) => to !== author)
      .map((to) => ({ to, rank: canonicalHash([self, to, received.msg_id]) }))
      .sort((a, b) => compareCodeUnits(a.rank, b.rank));
    for (const { to } of ranked.slice(0, RELAY_FANOUT)) {
      this.#counts.passed_on += 1;
      post.send(to, name, { ...raw, _relay: { ...decision.relay } });
    }
  }
}

type Status = 'ok' | 'invalid';

/** The id of a message by what its author wrote, whatever those who passed it on put beside it. */
function contentId(name: HiveMessageName, author: NodeId, raw: WireObject): string {
  const content = Object.fromEntries(Object.entries(raw).filter(([key]) => !HEADER.has(key)));
  return canonicalHash([name, author, content]);
}
