import { type Cancel, DecodeError } from '@cl-hive/core';
import { type BadCounts, BadFrames, type BadReason } from './bad-frames.ts';
import { roll, rollName } from './chance.ts';
import type { Socket } from './dial.ts';
import { type EventTemplate, eventDecoder, type NostrEvent } from './event.ts';
import type { Filter } from './filter.ts';
import { type Frame, shortened } from './frame.ts';
import { FramePump } from './frame-pump.ts';
import { InboxFeed } from './inbox-feed.ts';
import { KINDS } from './kinds.ts';
import { NOSTR_LIMITS, NOSTR_TIMES } from './limits.ts';
import type { LinkHost } from './link-host.ts';
import { Lookups } from './lookups.ts';
import { type PublishAnswer, Publisher } from './publisher.ts';
import { initialRelayState, type RelayRole, type RelayState } from './relay-state.ts';
import { nextTickAt, type RelayCommand, type RelayInput, stepRelay } from './relay-step.ts';
import type { Signer } from './signer.ts';
import { SubscriptionIds } from './subscription-ids.ts';

interface Connection {
  readonly socket: Socket;
  readonly pump: FramePump;
  readonly gone: Promise<void>;
}

/** One relay: carries out what {@link stepRelay} decides. */
export class RelayLink {
  readonly url: string;
  readonly #host: LinkHost;
  readonly #guarded: boolean;
  readonly #feed: InboxFeed;
  readonly #publisher: Publisher;
  readonly #lookups: Lookups;
  readonly #ids: SubscriptionIds;
  #state: RelayState;
  #connection: Connection | undefined;
  #cancelTick: Cancel | undefined;
  #tickAt: number | undefined;
  #probeId = '';
  #authId = '';
  #notice: string | undefined;
  readonly #bad = new BadFrames();
  /** Sockets that are not gone yet. */
  readonly #sockets = new Set<Promise<void>>();

  /** `guarded`: somebody else named the relay, so it is dialled only at a public address. */
  constructor(url: string, role: RelayRole, guarded: boolean, host: LinkHost) {
    this.url = url;
    this.#host = host;
    this.#guarded = guarded;
    this.#state = initialRelayState(role);
    this.#publisher = new Publisher(host.clock);
    this.#lookups = new Lookups(host.clock);
    this.#ids = new SubscriptionIds(host.random);
    this.#feed = new InboxFeed(url, this.#ids, host);
  }

  get state(): RelayState {
    return this.#state;
  }

  get bad(): BadCounts {
    return this.#bad.counts;
  }

  /** The last notice of the relay, shortened. */
  get notice(): string | undefined {
    return this.#notice;
  }

  /** Events may be published. */
  get open(): boolean {
    return this.#state.phase === 'open';
  }

  /** The cursor from which the last subscription went on, Unix seconds. */
  get cursor(): number | undefined {
    return this.#feed.cursor;
  }

  /** Begins to connect. Rejects when the cursor cannot be loaded. */
  async start(): Promise<void> {
    if (this.#state.role.reads) {
      await this.#feed.load();
    }
    this.#step({ type: 'start' });
  }

  /** Ends the connection for good; fulfilled when its socket is gone. */
  async stop(): Promise<void> {
    this.#step({ type: 'stop' });
    await Promise.all(this.#sockets);
  }

  /** Offers an event. Never rejects. */
  async publish(event: NostrEvent): Promise<PublishAnswer> {
    if (!this.open) {
      return { kind: 'unanswered', reason: 'not connected' };
    }
    const answer = await this.#publisher.publish(event, (frame) => this.#send(frame));
    if (answer.kind === 'refused') {
      this.#step({ type: 'event-refused', reason: answer.reason });
    }
    return answer;
  }

  /** Asks the relay once; empty when it is not connected. Never rejects. */
  async lookup(filter: Filter): Promise<readonly NostrEvent[]> {
    if (!this.open) {
      return [];
    }
    const id = this.#ids.next('q');
    const found = await this.#lookups.ask(id, filter, (frame) => this.#send(frame));
    this.#send(JSON.stringify(['CLOSE', id]));
    return found;
  }

  #step(input: RelayInput): void {
    const { state, commands } = stepRelay(this.#state, input, {
      monotonic: this.#host.clock.monotonic(),
      unixMs: this.#host.clock.now(),
      roll: roll(this.#host.random),
    });
    const changed = state.phase !== this.#state.phase;
    this.#state = state;
    if (changed) {
      this.#tell();
    }
    for (const command of commands) {
      this.#carryOut(command);
    }
    this.#armTick();
  }

  #carryOut(command: RelayCommand): void {
    switch (command.do) {
      case 'dial':
        this.#dial();
        break;
      case 'hang-up':
        this.#hangUp();
        break;
      case 'authenticate':
        this.#authenticate(command.challenge);
        break;
      case 'subscribe':
        this.#feed.subscribe((frame) => this.#send(frame));
        break;
      case 'probe':
        this.#probe();
        break;
      case 'ready':
        this.#host.ready();
        break;
    }
  }

  #dial(): void {
    const pump = new FramePump(this.#host.clock, (frame) => this.#work(frame, pump));
    let gone: () => void = () => undefined;
    const whenGone = new Promise<void>((resolve) => {
      gone = resolve;
    });
    const current = (): boolean => this.#connection?.pump === pump;
    this.#sockets.add(whenGone);
    const socket = this.#host.dial(
      this.url,
      {
        opened: () => (current() ? this.#step({ type: 'opened' }) : undefined),
        received: (data) => (current() ? pump.push(data) : undefined),
        closed: (reason) => {
          this.#sockets.delete(whenGone);
          gone();
          if (current()) {
            this.#step({ type: 'lost', reason: shortened(reason) });
          }
        },
      },
      this.#guarded,
    );
    this.#bad.newConnection();
    this.#connection = { socket, pump, gone: whenGone };
    pump.attach(socket);
  }

  #hangUp(): void {
    const connection = this.#connection;
    if (connection === undefined) {
      return;
    }
    this.#connection = undefined;
    connection.pump.stop();
    this.#publisher.clear('the connection ended');
    this.#lookups.clear();
    this.#feed.forget();
    if (this.#sockets.has(connection.gone)) {
      connection.socket.close();
      const cancel = this.#host.clock.after(NOSTR_TIMES.hangUp, () =>
        connection.socket.terminate(),
      );
      void connection.gone.then(cancel);
    }
  }

  #armTick(): void {
    const due = nextTickAt(this.#state);
    if (due === this.#tickAt) {
      return;
    }
    this.#cancelTick?.();
    this.#tickAt = due;
    this.#cancelTick =
      due === undefined
        ? undefined
        : this.#host.clock.after(due - this.#host.clock.monotonic(), () => {
            this.#tickAt = undefined;
            this.#step({ type: 'tick' });
          });
  }

  /** Works on a frame; yields whether a signature may have been checked. */
  async #work(frame: Frame, pump: FramePump): Promise<boolean> {
    this.#step({ type: 'heard' });
    switch (frame.type) {
      case 'bad':
        this.#countBad(frame.why);
        return false;
      case 'event':
        return this.#workEvent(frame.subscription, frame.event, pump);
      case 'ok':
        this.#ok(frame.id, frame.accepted, frame.reason);
        return false;
      case 'eose':
        await this.#eose(frame.subscription);
        return false;
      case 'closed':
        this.#closed(frame.subscription, frame.reason);
        return false;
      case 'notice':
        this.#notice = frame.text;
        this.#host.log('debug', `relay ${this.url} says: ${frame.text}`);
        return false;
      case 'auth':
        this.#step({ type: 'challenge', challenge: frame.challenge });
        return false;
    }
  }

  async #workEvent(subscription: string, input: unknown, pump: FramePump): Promise<boolean> {
    const lookup = this.#lookups.has(subscription);
    if (!lookup && !this.#feed.owns(subscription)) {
      this.#notAsked(subscription);
      return false;
    }
    let event: NostrEvent;
    try {
      event = eventDecoder(input);
    } catch (error) {
      if (!(error instanceof DecodeError)) {
        throw error;
      }
      this.#countBad('malformed_event');
      return false;
    }
    if (lookup) {
      if (!this.#lookups.take(subscription, event)) {
        this.#countBad('unasked');
      }
      return true;
    }
    if (event.kind === KINDS.probe) {
      this.#probeCameBack(event);
      return false;
    }
    const received = await this.#feed.take(event);
    const bad = received === 'unasked' || received === 'forged' || received === 'future';
    if (bad && this.#connection?.pump === pump) {
      this.#countBad(received);
    }
    return received === 'taken' || received === 'forged';
  }

  #ok(id: string, accepted: boolean, reason: string): void {
    if (id === this.#authId) {
      this.#authId = '';
      this.#step({ type: 'auth-answer', accepted, reason });
    } else if (id === this.#probeId) {
      if (!accepted) {
        this.#step({ type: 'probe-refused', reason });
      }
    } else if (!this.#publisher.answer(id, accepted, reason) && !accepted) {
      this.#host.log('debug', `relay ${this.url} refuses an event late: ${reason}`);
    }
  }

  async #eose(subscription: string): Promise<void> {
    if (this.#lookups.has(subscription)) {
      this.#lookups.end(subscription);
      return;
    }
    const end = this.#feed.endOfStored(subscription, (frame) => this.#send(frame));
    if (end === 'unasked') {
      this.#notAsked(this.#feed.owns(subscription) ? '' : subscription);
    } else if (end === 'first') {
      this.#step({ type: 'inbox-live' });
    }
    if (end !== 'unasked') {
      await this.#feed.saveCursor();
    }
  }

  #closed(subscription: string, reason: string): void {
    if (this.#lookups.has(subscription)) {
      this.#lookups.end(subscription);
    } else if (this.#feed.isInbox(subscription)) {
      this.#feed.forget();
      this.#step({ type: 'inbox-closed', reason });
    } else if (this.#feed.owns(subscription)) {
      this.#feed.pageRefused();
    } else {
      this.#notAsked(subscription);
    }
  }

  /** Frames of a subscription that is over are late, nothing worse. */
  #notAsked(subscription: string): void {
    if (!this.#ids.made(subscription)) {
      this.#countBad('unasked');
    }
  }

  #authenticate(challenge: string): void {
    const tags = [
      ['relay', this.url],
      ['challenge', challenge],
    ];
    // The own key last: with its OK everything is asked for again.
    for (const former of this.#host.formers) {
      this.#send(JSON.stringify(['AUTH', this.#sign(KINDS.auth, tags, former)]));
    }
    const event = this.#sign(KINDS.auth, tags);
    this.#authId = event.id;
    this.#send(JSON.stringify(['AUTH', event]));
  }

  #probe(): void {
    const event = this.#sign(KINDS.probe, [['n', rollName(this.#host.random, 16)]]);
    this.#probeId = event.id;
    this.#send(JSON.stringify(['EVENT', event]));
  }

  #probeCameBack(event: NostrEvent): void {
    // The id was made here a moment ago, of chance, so nothing is left to check. Other probes are old ones.
    if (event.id === this.#probeId) {
      this.#probeId = '';
      this.#step({ type: 'probe-seen' });
      this.#feed.roundTrip(event.created_at);
      void this.#feed.saveCursor();
      if (this.#feed.mustAskAgain) {
        this.#step({ type: 'resync' });
      }
    } else if (event.pubkey !== this.#host.signer.pubkey) {
      this.#countBad('unasked');
    }
  }

  #sign(kind: number, tags: EventTemplate['tags'], by: Signer = this.#host.signer): NostrEvent {
    const created_at = Math.floor(this.#host.clock.now() / 1_000);
    return by.sign({ kind, created_at, tags, content: '' });
  }

  #send(frame: string): void {
    this.#connection?.socket.send(frame);
  }

  #countBad(reason: BadReason): void {
    if (this.#bad.count(reason)) {
      this.#step({
        type: 'hostile',
        reason: `it sent ${NOSTR_LIMITS.badFrames} frames of no use, the last one ${reason}`,
      });
    }
  }

  #tell(): void {
    const { phase, health } = this.#state;
    if (phase === 'open') {
      this.#host.log('info', `relay ${this.url} is connected`);
    } else if (phase === 'waiting') {
      const { lastFailure } = health;
      this.#host.log(
        'info',
        `relay ${this.url} is not connected (${lastFailure?.code}: ${lastFailure?.reason})`,
      );
    }
  }
}
