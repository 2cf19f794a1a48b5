import type { Logger } from '@cl-hive/cln-plugin';
import type { RpcClient } from '@cl-hive/cln-rpc';
import type { Inbound } from '@cl-hive/comms';
import {
  type Clock,
  CodedError,
  describeError,
  isJsonObject,
  type JsonObject,
} from '@cl-hive/core';
import { REGISTRATIONS_MAX, REQUESTS_AT_ONCE_MAX, STRANGER_ANSWERS } from '../transports/limits.ts';
import { SiblingTransport, type SiblingTransportSpec } from '../transports/sibling-transport.ts';
import type {
  IncomingMessage,
  OutgoingMessage,
  SendOutcome,
  TransportPort,
} from '../transports/transport-port.ts';
import { type Candidate, type Ranked, rankTransports } from './choose-transport.ts';
import { HandlerLines } from './handler-lines.ts';
import { HandlerRegistry, type RegistrationErrorCode } from './handler-registry.ts';
import { readBody, writeBody } from './message-body.ts';
import { SenderRates } from './sender-rates.ts';
import { WorkLine } from './work-line.ts';

/** What a hub works with. */
export interface HubParts {
  readonly rpc: RpcClient;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What became of a message, over which transport, and what spoke for and against each. */
export interface Dispatch {
  readonly outcome: SendOutcome;
  /** Undefined when none was tried. */
  readonly transport: string | undefined;
  /** Why that one. */
  readonly why: string;
  /** All transports, in the order of choice. */
  readonly considered: readonly Ranked[];
}

/** Takes a request of whoever `inbound` says; never rejects. */
export type RequestTaker = (inbound: Inbound) => Promise<void>;

/** Counts of what came in, by what became of it. */
type Counts = Record<
  | 'requests'
  | 'messages'
  | 'over_rate'
  | 'over_queue'
  | 'malformed'
  | 'unhandled'
  | 'strangers_unanswered',
  number
>;

const REQUEST_LINE = {
  atOnce: REQUESTS_AT_ONCE_MAX,
  // A slow action must not hold up the same sender's next question.
  atOncePerSender: 4,
  waiting: 1024,
  waitingPerSender: 64,
};

interface Entry {
  readonly port: TransportPort;
  /** The same, where a sibling serves it. */
  readonly sibling: SiblingTransport | undefined;
}

/** Names that no sibling can take, whether or not the transport is on: it would inherit their trust. */
export const OWN_TRANSPORTS: readonly string[] = ['bolt8', 'nostr', 'rest', 'rpc'];

const NO_REQUESTS: RequestTaker = () => Promise.resolve();

/** Where transports, the pipeline and the siblings' handlers meet. */
export class MessageHub {
  readonly handlers = new HandlerRegistry();
  readonly #rpc: RpcClient;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #transports = new Map<string, Entry>();
  readonly #rates = new SenderRates();
  readonly #strangers = new SenderRates(STRANGER_ANSWERS);
  readonly #requests: WorkLine<Inbound>;
  readonly #lines: HandlerLines;
  readonly #counts: Counts = {
    requests: 0,
    messages: 0,
    over_rate: 0,
    over_queue: 0,
    malformed: 0,
    unhandled: 0,
    strangers_unanswered: 0,
  };
  #take: RequestTaker = NO_REQUESTS;

  constructor({ rpc, clock, log }: HubParts) {
    this.#rpc = rpc;
    this.#clock = clock;
    this.#log = log;
    this.#lines = new HandlerLines(rpc, this.handlers, log);
    this.#requests = new WorkLine(REQUEST_LINE, (inbound) => this.#pass(inbound));
  }

  /** Adds a transport of this plugin, in the place of one with the same id. */
  add(port: TransportPort): void {
    this.#transports.set(port.id, { port, sibling: undefined });
    port.onMessage((message) => this.receive(message));
  }

  /** Takes a transport out; closing it is its owner's. */
  remove(id: string): void {
    this.#transports.delete(id);
  }

  /**
   * Adds a transport that a sibling serves, or takes the place of one whose plugin is gone; the same
   * once more changes nothing. Throws CodedError `transport_taken`, `registry_full`.
   */
  register(spec: SiblingTransportSpec): void {
    const before = this.#transports.get(spec.id);
    const same = before?.sibling?.present === true && sameSpec(before.sibling.spec, spec);
    if (same) {
      return;
    }
    if (OWN_TRANSPORTS.includes(spec.id) || before?.sibling?.present === true) {
      throw new CodedError<RegistrationErrorCode>(
        'transport_taken',
        `the name ${spec.id} is taken`,
        { remedy: 'choose another name' },
      );
    }
    if (before === undefined && this.#transports.size >= REGISTRATIONS_MAX) {
      throw new CodedError<RegistrationErrorCode>(
        'registry_full',
        `${REGISTRATIONS_MAX} transports are registered already`,
        { remedy: 'stop a plugin that registered one' },
      );
    }
    const sibling = new SiblingTransport(this.#rpc, spec);
    this.#transports.set(spec.id, { port: sibling, sibling });
    sibling.onMessage((message) => this.receive(message));
  }

  /** The transport of that exact id. */
  transport(id: string): TransportPort | undefined {
    return this.#transports.get(id)?.port;
  }

  /** The transport of that exact id that a sibling serves. */
  siblingTransport(id: string): SiblingTransport | undefined {
    return this.#transports.get(id)?.sibling;
  }

  /** Sets who takes requests; until then they are dropped, and their senders ask again. */
  onRequest(taker: RequestTaker): void {
    this.#take = taker;
  }

  /**
   * Takes a message in: rate, then what it is, then the pipeline or a handler. Resolves when it was
   * worked on or dropped; never rejects.
   */
  async receive(message: IncomingMessage): Promise<void> {
    const sender = senderKey(message);
    if (!this.#rates.take(sender, this.#clock.monotonic())) {
      this.#counts.over_rate += 1;
      return;
    }
    const body = readBody(message.body);
    switch (body.kind) {
      case 'malformed':
        this.#counts.malformed += 1;
        this.#log.debug(`a message of ${sender} is not understood: ${body.reason}`);
        return;
      case 'request':
        this.#counts.requests += 1;
        return this.#settle(await this.#requests.offer(sender, inboundOf(message)));
      case 'message': {
        this.#counts.messages += 1;
        const handler = this.handlers.find(body.topic);
        if (handler?.present !== true) {
          this.#counts.unhandled += 1;
          return;
        }
        const { topic, payload } = body;
        const { transport } = message;
        const from = message.sender === undefined ? null : { ...message.sender };
        const params = { topic, payload, transport, sender: from };
        return this.#settle(await this.#lines.offer(handler, sender, params));
      }
    }
  }

  /**
   * Answers along the route of an {@link Inbound} that came from here, also after a restart. Strangers
   * share an allowance: keys cost nothing, and nobody may make this node talk at will.
   */
  async reply(route: JsonObject, body: Uint8Array, known = true): Promise<SendOutcome> {
    if (!known && !this.#strangers.take('', this.#clock.monotonic())) {
      this.#counts.strangers_unanswered += 1;
      return {
        kind: 'failed',
        code: 'transport_full',
        message: 'too many strangers were answered lately',
        remedy: 'ask again later',
      };
    }
    const { transport, back } = route;
    const port = typeof transport === 'string' ? this.transport(transport) : undefined;
    if (port === undefined || !isJsonObject(back)) {
      return {
        kind: 'failed',
        code: 'route_invalid',
        message: 'the way the request came is not there any more',
        remedy: 'the sender may ask again with the same nonce',
      };
    }
    return guarded(() => port.reply(back, body));
  }

  /** Sends a message over the best transport that can; goes on to the next only when it was surely not sent. */
  async send(message: OutgoingMessage): Promise<Dispatch> {
    const body = writeBody(message.topic, message.payload);
    if (body === undefined) {
      return this.#refuse(
        [],
        'message_too_large',
        'the message cannot be written in 65,535 bytes',
        'send less at once',
      );
    }
    if (message.transport !== undefined && !this.#transports.has(message.transport)) {
      return this.#refuse(
        [],
        'transport_down',
        `there is no transport ${message.transport}`,
        'see hive-comms-transports',
      );
    }
    const ranked = rankTransports(await this.#candidates(message), message.sensitivity);
    let last: Dispatch | undefined;
    for (const { id, usable, reason } of ranked) {
      const port = this.transport(id);
      if (usable && port !== undefined) {
        const outcome = await guarded(() => port.send(message.target, body));
        last = { outcome, transport: id, why: reason, considered: ranked };
        if (outcome.kind !== 'failed') {
          return last;
        }
      }
    }
    return (
      last ??
      this.#refuse(ranked, 'target_unreachable', 'no transport reaches the target', why(ranked))
    );
  }

  /** Tells who is gone and who is back: lightningd says which methods a plugin had. */
  siblings(methods: readonly string[], present: boolean): void {
    this.handlers.mark(methods, present);
    for (const { sibling } of this.#transports.values()) {
      sibling?.mark(methods, present);
    }
    if (!present) {
      this.#lines.drop();
    }
  }

  /** What is registered and how it fares, for people. */
  view(): JsonObject {
    return {
      transports: [...this.#transports.values()].map(({ port, sibling }) => {
        const { state, reason, detail } = port.health();
        const { id, seal } = port;
        const said = reason === undefined ? {} : { reason };
        const registered = sibling !== undefined;
        return { id, registered, seal, verifies: port.verifies ?? null, state, ...said, detail };
      }),
      handlers: this.handlers.entries.map(({ prefix, method, present }) => ({
        topic: prefix.endsWith(':') ? `${prefix}*` : prefix,
        method,
        present,
        ...this.#lines.view(prefix),
      })),
      received: {
        ...this.#counts,
        requests_waiting: this.#requests.waiting,
        requests_under_way: this.#requests.active,
      },
    };
  }

  /** Closes all transports; what waits for a handler is dropped. */
  async close(): Promise<void> {
    this.#requests.clear();
    this.#lines.clear();
    const ports = [...this.#transports.values()].map(({ port }) => port);
    this.#transports.clear();
    await Promise.all(ports.map((port) => port.close()));
  }

  async #pass(inbound: Inbound): Promise<void> {
    try {
      await this.#take(inbound);
    } catch (error) {
      this.#log.error(`a request was not handled: ${describeError(error)}`);
    }
  }

  #settle(fate: 'done' | 'dropped'): void {
    this.#counts.over_queue += fate === 'dropped' ? 1 : 0;
  }

  async #candidates({ target, transport }: OutgoingMessage): Promise<readonly Candidate[]> {
    const asked = [...this.#transports.values()].filter(
      ({ port }) => transport === undefined || port.id === transport,
    );
    return Promise.all(
      asked.map(async ({ port, sibling }): Promise<Candidate> => {
        const { id, seal } = port;
        const registered = sibling !== undefined;
        const health = port.health();
        try {
          return { id, seal, registered, health, reach: await port.reach(target) };
        } catch (error) {
          const reach = { kind: 'none', reason: describeError(error) } as const;
          return { id, seal, registered, health, reach };
        }
      }),
    );
  }

  #refuse(
    considered: readonly Ranked[],
    code: 'message_too_large' | 'transport_down' | 'target_unreachable',
    message: string,
    remedy: string,
  ): Dispatch {
    const outcome: SendOutcome = { kind: 'failed', code, message, remedy };
    return { outcome, transport: undefined, why: message, considered };
  }
}

function sameSpec(a: SiblingTransportSpec, b: SiblingTransportSpec): boolean {
  return a.seal === b.seal && a.sendMethod === b.sendMethod && a.reachMethod === b.reachMethod;
}

function why(ranked: readonly Ranked[]): string {
  const reasons = ranked.map(({ id, reason }) => `${id}: ${reason}`);
  return reasons.length === 0 ? 'there is no transport' : reasons.join('; ');
}

/** A sender for rates and queues: those whom nobody vouches for share one allowance. */
function senderKey({ transport, sender }: IncomingMessage): string {
  return sender === undefined ? transport : `${transport}/${sender.scheme}/${sender.key}`;
}

function inboundOf({ transport, sender, body, route }: IncomingMessage): Inbound {
  const evidence: JsonObject = sender === undefined ? {} : { ...sender };
  const source = sender === undefined ? '' : `${sender.scheme}/${sender.key}`;
  return { bytes: body, transport, source, route: { transport, back: route }, evidence };
}

/** A port that throws is one that may have sent. */
async function guarded(send: () => Promise<SendOutcome>): Promise<SendOutcome> {
  try {
    return await send();
  } catch (error) {
    const message = describeError(error);
    const remedy = 'look at hive-comms-transports';
    return { kind: 'unknown', code: 'send_failed', message, remedy };
  }
}
