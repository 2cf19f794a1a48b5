import { describeError, type NodeId } from '@cl-hive/core';
import { acknowledge, acknowledgeByAnswer } from '@cl-hive/hive';
import {
  type AnyKnownHiveMessage,
  type Curve,
  decodeHiveMessage,
  type HiveMessageName,
  signatureClaims,
  verifySignatures,
} from '@cl-hive/protocol';
import { TOPIC_MAX } from '../limits.ts';
import type { Line } from '../line/line.ts';
import type { Turn } from '../line/turn.ts';
import type { Delivery } from './delivery.ts';
import type {
  Incoming,
  MessageHandler,
  NativeHandler,
  NativeIncoming,
  Verdict,
} from './incoming.ts';
import { CARRIERS, JOINING, RELAYED, WORDS } from './message-rules.ts';
import { PeerRates } from './peer-rates.ts';
import { type Fate, WireCounts } from './wire-counts.ts';

/** What the dispatcher asks about peers. */
export interface PeerRules {
  readonly isMember: (turn: Turn | undefined, node: NodeId) => boolean;
  readonly isBanned: (turn: Turn | undefined, node: NodeId) => boolean;
}

/** What the dispatcher works with. */
export interface DispatcherParts {
  readonly line: Line;
  readonly now: () => number;
  readonly peers: PeerRules;
  readonly delivery: Delivery;
  readonly curve: Curve;
  readonly log: (level: 'debug' | 'unusual', message: string) => void;
}

type AnyHandler = MessageHandler<HiveMessageName, unknown>;

/** Takes what peers send: decodes, verifies, remembers, hands over, acknowledges, passes on. */
export class Dispatcher {
  readonly counts = new WireCounts();
  readonly #parts: DispatcherParts;
  readonly #handlers = new Map<HiveMessageName, AnyHandler>();
  readonly #natives = new Map<string, NativeHandler>();
  readonly #rates = new PeerRates();
  /** Apart, so that however many strangers ask to join, they take no member's place. */
  readonly #strangersRates = new PeerRates();

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  /** Sets who takes a type; each has one taker. Throws TypeError on a second. */
  on<Name extends HiveMessageName, F = undefined>(
    name: Name,
    handler: MessageHandler<Name, F>,
  ): void {
    if (this.#handlers.has(name)) {
      throw new TypeError(`${name} has a handler already`);
    }
    this.#handlers.set(name, handler as unknown as AnyHandler);
  }

  /** Sets who takes a topic (without `hive:`) that only nodes of this software speak. */
  onNative(topic: string, handler: NativeHandler): void {
    if (this.#natives.has(topic)) {
      throw new TypeError(`${topic} has a handler already`);
    }
    this.#natives.set(topic, handler);
  }

  /** Takes the bytes of a hive message. Never rejects: its counts say what became of it. */
  async take(from: NodeId, bytes: Uint8Array): Promise<Fate> {
    const decoded = decodeHiveMessage(bytes);
    if (!decoded.ok) {
      this.#parts.log('debug', `${from} sent what is no message: ${decoded.error.message}`);
      return this.#count('(none)', 'not_decoded');
    }
    const message = decoded.value;
    if (message.kind === 'unknown') {
      return this.#count('(unknown)', 'unknown_type');
    }
    try {
      return this.#count(message.name, await this.#judge(from, message));
    } catch (error) {
      this.#parts.log('unusual', `a ${message.name} was not handled: ${describeError(error)}`);
      return this.#count(message.name, 'failed');
    }
  }

  /** Takes a message of a topic of this software's own. Never rejects. */
  async takeNative(incoming: NativeIncoming): Promise<Fate> {
    const { from, topic } = incoming;
    const handler = topic.length <= TOPIC_MAX ? this.#natives.get(topic) : undefined;
    const type = handler === undefined ? '(topic)' : topic;
    const gate = this.#gate(from, type, false);
    if (gate !== undefined || handler === undefined) {
      return this.#count(type, gate ?? 'unhandled');
    }
    try {
      await handler(incoming);
      return this.#count(type, 'taken');
    } catch (error) {
      this.#parts.log('unusual', `a message of ${topic} was not handled: ${describeError(error)}`);
      return this.#count(type, 'failed');
    }
  }

  #count(type: string, fate: Fate): Fate {
    this.counts.add(type, fate);
    return fate;
  }

  /** Why a peer is not listened to. */
  #gate(from: NodeId, type: string, joining: boolean): Fate | undefined {
    const { peers, now } = this.#parts;
    if (peers.isBanned(undefined, from)) {
      return 'banned';
    }
    const member = peers.isMember(undefined, from);
    if (!joining && !member) {
      return 'stranger';
    }
    const rates = member ? this.#rates : this.#strangersRates;
    return rates.take(from, type, now()) ? undefined : 'over_rate';
  }

  async #judge(from: NodeId, message: AnyKnownHiveMessage): Promise<Fate> {
    const { name } = message;
    const open = JOINING.has(name) || (name === 'MSG_ACK' && this.#parts.delivery.waitsFor(from));
    const gate = this.#gate(from, name, open);
    if (gate !== undefined) {
      return gate;
    }
    const { delivery } = this.#parts;
    const signers = [...new Set(signatureClaims(message).map(({ signer }) => signer))];
    const [signer] = signers;
    const own = signers.length === 1 && !CARRIERS.has(name);
    const author = own && signer !== undefined ? signer : from;
    const relayed = author !== from;
    const incoming = { message, from, signers, author, relayed } as Incoming<HiveMessageName>;
    if (relayed && !this.#maySpeakFor(incoming)) {
      return 'not_its_word';
    }
    // Copies are the rule where members pass on, and signatures cost most: copies are told first.
    if (delivery.wasSeen(incoming)) {
      delivery.acknowledge(incoming, 'ok');
      return 'repeated';
    }
    if (verifySignatures(message, this.#parts.curve).status === 'invalid') {
      return 'bad_signature';
    }
    const handler = this.#handlers.get(name);
    const facts = await handler?.prepare?.(incoming);
    return this.#parts.line.run((turn) => this.#settle(turn, incoming, handler, facts));
  }

  /** Others' words are heard only of types that are passed on, of members, or as proof of what was decided. */
  #maySpeakFor({ message, author }: Incoming<HiveMessageName>): boolean {
    const { name } = message;
    return WORDS.has(name) || (RELAYED.has(name) && this.#parts.peers.isMember(undefined, author));
  }

  #settle(
    turn: Turn,
    incoming: Incoming<HiveMessageName>,
    handler: AnyHandler | undefined,
    facts: unknown,
  ): Fate {
    const { delivery } = this.#parts;
    const { message, from } = incoming;
    delivery.update(turn, (outbox) => acknowledgeByAnswer(outbox, from, message.name, message.raw));
    if (message.name === 'MSG_ACK') {
      const { ack_msg_id: id, status } = message.payload as { ack_msg_id: string; status: string };
      if (status !== 'retry_later') {
        delivery.update(turn, (outbox) => acknowledge(outbox, from, id));
      }
      return 'taken';
    }
    const look = delivery.look(turn, incoming);
    if (look.kind !== 'fresh') {
      if (look.kind === 'repeated') {
        turn.after(() => delivery.acknowledge(incoming, 'ok'));
      }
      return look.kind;
    }
    // Types without a feature are kept from harm: acknowledged and passed on as if they were taken.
    const verdict: Verdict = handler?.decide(turn, incoming, facts) ?? 'taken';
    if (verdict !== 'later') {
      look.keep();
      this.#conclude(turn, incoming, verdict);
    }
    return handler === undefined ? 'unhandled' : verdict;
  }

  #conclude(
    turn: Turn,
    incoming: Incoming<HiveMessageName>,
    verdict: Exclude<Verdict, 'later'>,
  ): void {
    const { delivery } = this.#parts;
    turn.after(() => {
      delivery.acknowledge(incoming, verdict === 'taken' ? 'ok' : 'invalid');
      if (verdict === 'taken' && RELAYED.has(incoming.message.name)) {
        delivery.passOn(incoming);
      }
    });
  }
}
