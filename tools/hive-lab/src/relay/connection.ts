import type { Random } from '@cl-hive/core';
import {
  type Event,
  EventUtils,
  type Filter,
  type IncomingMessage,
  type OutgoingMessage,
} from '@nostr-relay/common';
import type { Validator } from '@nostr-relay/validator';
import { WebSocket } from 'ws';
import { Authentication } from './authentication.ts';
import type { EventStore } from './event-store.ts';
import type { RelayFaults } from './faults.ts';
import { FaultyLink } from './faulty-link.ts';
import { matchesFilter } from './filter.ts';
import type { RelayLimits } from './limits.ts';

/** What a connection needs of its relay. */
export interface ConnectionHost {
  readonly store: EventStore;
  readonly validator: Validator;
  readonly limits: RelayLimits;
  readonly random: Random;
  readonly faults: () => RelayFaults;
  /** Its own address, where it asks who reads private messages (NIP-42). */
  readonly authUrl: () => string | undefined;
  /** Unix seconds. */
  readonly now: () => number;
  /** Passes an event on to all connections, this one included. */
  readonly broadcast: (event: Event) => void;
}

/** One client of the relay (NIP-01). */
export class Connection {
  readonly #socket: WebSocket;
  readonly #host: ConnectionHost;
  readonly #subscriptions = new Map<string, readonly Filter[]>();
  readonly #incoming: FaultyLink<Event>;
  readonly #outgoing: FaultyLink<OutgoingMessage>;
  readonly #authentication: Authentication | undefined;
  /** Messages are handled one after another, as validation is asynchronous and order matters. */
  #queue: Promise<void> = Promise.resolve();
  #messages = 0;

  constructor(socket: WebSocket, host: ConnectionHost) {
    this.#socket = socket;
    this.#host = host;
    const hold = host.limits.reorderHoldMs;
    this.#incoming = new FaultyLink(
      (event) => this.#publish(event),
      () => host.faults().incoming,
      host.random,
      hold,
    );
    this.#outgoing = new FaultyLink(
      (message) => this.#write(message),
      () => host.faults().outgoing,
      host.random,
      hold,
    );
    if (host.authUrl() !== undefined) {
      this.#authentication = new Authentication(host.random);
      this.#write(['AUTH', this.#authentication.challenge]);
    }
    socket.on('message', (data) => {
      // ws gives a Buffer unless its binaryType is changed.
      const text = (data as Buffer).toString('utf8');
      this.#queue = this.#queue.then(() => this.#receive(text)).catch(() => this.terminate());
    });
    // A protocol error is followed by the close, which is handled by the relay.
    socket.on('error', () => undefined);
  }

  /** Sends an event to each subscription that selects it. */
  offer(event: Event): void {
    for (const [id, filters] of this.#subscriptions) {
      if (this.#mayRead(event) && filters.some((filter) => matchesFilter(event, filter))) {
        this.#outgoing.send(['EVENT', id, event]);
      }
    }
  }

  /** Asks the client to go, with a WebSocket close code and a reason. */
  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  /** Cuts the connection and forgets what is under way. */
  terminate(): void {
    this.forget();
    this.#socket.terminate();
  }

  /** Called when the socket is gone. */
  forget(): void {
    this.#incoming.close();
    this.#outgoing.close();
    this.#subscriptions.clear();
  }

  async #receive(text: string): Promise<void> {
    if (this.#socket.readyState !== WebSocket.OPEN) {
      return;
    }
    let message: IncomingMessage;
    try {
      message = await this.#host.validator.validateIncomingMessage(text);
    } catch (error) {
      this.#write(['NOTICE', error instanceof Error ? error.message : 'invalid: not a message']);
      return;
    }
    this.#handle(message);
    this.#messages += 1;
    const closeAfter = this.#host.faults().closeAfterMessages;
    if (closeAfter !== undefined && this.#messages >= closeAfter) {
      this.terminate();
    }
  }

  #handle(message: IncomingMessage): void {
    switch (message[0]) {
      case 'EVENT':
        this.#incoming.send(message[1]);
        return;
      case 'REQ': {
        const [, id, ...filters] = message;
        this.#subscribe(id, filters);
        return;
      }
      case 'CLOSE':
        this.#subscriptions.delete(message[1]);
        return;
      case 'AUTH':
        this.#authenticate(message[1]);
    }
  }

  #authenticate(event: Event): void {
    const url = this.#host.authUrl();
    const fault =
      url === undefined || this.#authentication === undefined
        ? 'invalid: this relay asked for no authentication'
        : this.#authentication.answer(event, url, this.#host.now());
    this.#write(['OK', event.id, fault === undefined, fault ?? '']);
  }

  #mayRead(event: Event): boolean {
    return this.#authentication?.mayRead(event) !== false;
  }

  #publish(event: Event): void {
    const refusal = this.#host.faults().refuseEvents ?? EventUtils.validate(event);
    if (refusal !== undefined) {
      this.#write(['OK', event.id, false, refusal]);
      return;
    }
    const outcome = this.#host.store.add(event);
    switch (outcome) {
      case 'stored':
      case 'ephemeral':
        this.#write(['OK', event.id, true, '']);
        this.#host.broadcast(event);
        return;
      case 'duplicate':
        this.#write(['OK', event.id, true, 'duplicate: the event is known']);
        return;
      case 'replaced':
        this.#write(['OK', event.id, true, 'duplicate: a newer version is known']);
        return;
      case 'deleted':
        this.#write(['OK', event.id, false, 'blocked: its author deleted the event']);
    }
  }

  #subscribe(id: string, filters: readonly Filter[]): void {
    const { limits, store } = this.#host;
    if (filters.length === 0 || filters.length > limits.filters) {
      this.#write(['CLOSED', id, `invalid: a subscription has 1 to ${limits.filters} filters`]);
      return;
    }
    if (!this.#subscriptions.has(id) && this.#subscriptions.size >= limits.subscriptions) {
      this.#write(['CLOSED', id, `error: at most ${limits.subscriptions} subscriptions`]);
      return;
    }
    if (filters.some((filter) => this.#authentication?.refuses(filter) === true)) {
      this.#write(['CLOSED', id, 'auth-required: private messages are for their readers']);
      return;
    }
    const sent = new Set<string>();
    for (const filter of filters) {
      for (const event of store.find(filter, limits.queryResults)) {
        if (!sent.has(event.id) && this.#mayRead(event)) {
          sent.add(event.id);
          this.#outgoing.send(['EVENT', id, event]);
        }
      }
    }
    this.#write(['EOSE', id]);
    this.#subscriptions.set(id, filters);
  }

  #write(message: OutgoingMessage): void {
    if (this.#socket.readyState !== WebSocket.OPEN) {
      return;
    }
    if (this.#socket.bufferedAmount > this.#host.limits.unreadBytes) {
      this.terminate();
      return;
    }
    this.#socket.send(JSON.stringify(message));
  }
}
