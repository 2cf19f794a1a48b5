import { type Clock, CodedError, describeError, type Random } from '@cl-hive/core';
import { Coverage } from './coverage.ts';
import type { PublishOutcome } from './delivery.ts';
import { type Dial, dialWebSocket } from './dial.ts';
import { type EventTemplate, type NostrEvent, rumor, type Tags } from './event.ts';
import { giftWrap } from './gift-wrap.ts';
import { Inbox, type RefusalCounts } from './inbox.ts';
import { KINDS } from './kinds.ts';
import { NOSTR_LIMITS, NOSTR_TIMES } from './limits.ts';
import type { IncomingMessage, MessageForm } from './message.ts';
import { NIP04_HINT, Nip04Hints } from './nip04-hints.ts';
import { Outbox } from './outbox.ts';
import { PeerRelays } from './peer-relays.ts';
import type { Log, TransportStorage } from './ports.ts';
import { type ForeignRelays, RelayPool } from './relay-pool.ts';
import { type RelayStatus, relayStatus } from './relay-status.ts';
import { type RequestOutcome, Requests } from './requests.ts';
import { SeenIds } from './seen-ids.ts';
import type { Signer } from './signer.ts';

/** What a transport is made of. */
export interface NostrTransportOptions {
  /** The node's own relays; it reads from all of them. */
  readonly relays: readonly string[];
  readonly signer: Signer;
  /** Keys that this node had before and still reads; none by default. At most {@link NOSTR_LIMITS.formers}. */
  readonly formers?: readonly Signer[];
  readonly storage: TransportStorage;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Works on a message; see {@link Inbox} for when it may come twice. */
  readonly onMessage: (message: IncomingMessage) => Promise<void>;
  /** Which relays of peers may be dialled; `public` by default. */
  readonly foreignRelays?: ForeignRelays;
  /** How many relays must accept what is published; 1 by default. */
  readonly quorum?: number;
  /** Opens sockets; those of the package `ws` by default. */
  readonly dial?: Dial;
}

/** How an event is published. */
export interface PublishOptions {
  /** Addresses; the own relays by default. */
  readonly relays?: readonly string[];
  readonly quorum?: number;
  /** Milliseconds until it is given up; a day by default. */
  readonly expiresInMs?: number;
}

/** A private message to be sent. */
export interface OutgoingMessage {
  /** x-only public key of the reader. */
  readonly to: string;
  readonly content: string;
  /** NIP-17 by default. */
  readonly form?: MessageForm;
  /** Id of the message that it answers. */
  readonly replyTo?: string;
  /** The key of before under which it is written; the node's own by default. */
  readonly as?: string;
  /** Further tags; `p` and `e` are made here. */
  readonly tags?: Tags;
  readonly expiresInMs?: number;
}

/** A stored event on its way. `outcome` never rejects. */
export interface Published {
  readonly event: NostrEvent;
  readonly outcome: Promise<PublishOutcome>;
}

/** A stored message on its way; `id` is what an answer names. */
export interface SentMessage extends Published {
  readonly id: string;
}

/** Why a message was not sent, besides what the outbox and NIP-44 say. */
export type TransportErrorCode = 'recipient_invalid';

/** Private messages over several Nostr relays at once. */
export class NostrTransport {
  readonly #options: NostrTransportOptions;
  readonly #coverage = new Coverage();
  readonly #signers: ReadonlyMap<string, Signer>;
  readonly #hints: Nip04Hints;
  readonly #seen: SeenIds;
  readonly #requests: Requests;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #pool: RelayPool;
  readonly #peers: PeerRelays;
  #closing: Promise<void> | undefined;

  constructor(options: NostrTransportOptions) {
    this.#options = options;
    const { clock, random, storage, log, signer } = options;
    const formers = (options.formers ?? []).slice(0, NOSTR_LIMITS.formers);
    this.#signers = new Map([...formers, signer].map((one) => [one.pubkey, one]));
    this.#hints = new Nip04Hints(clock);
    this.#seen = new SeenIds(clock, storage);
    this.#requests = new Requests(clock);
    this.#inbox = new Inbox({
      signer,
      formers,
      seen: this.#seen,
      coverage: this.#coverage,
      log,
      settle: (message) => this.#requests.answer(message),
      handle: options.onMessage,
      hint: (sender, createdAt) => this.#hint(sender, createdAt),
    });
    const pool = new RelayPool(
      options.relays,
      options.foreignRelays ?? 'public',
      {
        clock,
        random,
        signer,
        formers,
        storage,
        log,
        dial: options.dial ?? dialWebSocket,
        receive: (event, relay) => this.#inbox.receive(event, relay),
      },
      (relay) => this.#relayReady(relay),
    );
    this.#pool = pool;
    this.#outbox = new Outbox({
      clock,
      random,
      storage,
      log,
      isOpen: (relay) => pool.isOpen(relay),
      offer: (relay, event) => pool.offer(relay, event),
      needed: (relays) => pool.need(relays),
    });
    this.#peers = new PeerRelays(
      clock,
      (filter) => pool.lookup(filter),
      (url) => pool.usable(url),
    );
  }

  /** Takes up the outbox and begins to connect; rejects as the store does. */
  async start(): Promise<void> {
    await this.#outbox.load();
    await this.#pool.start();
  }

  /**
   * Ends all connections and timers. What is not sent stays in the store; requests fail; handlers under
   * way are waited for.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Sends a private message; fulfilled when it is stored. Throws CodedError. */
  async send(message: OutgoingMessage): Promise<SentMessage> {
    const { id, event } = this.#seal(message);
    const relays = await this.#relaysOf(message.to);
    const { expiresInMs } = message;
    const options = { relays, ...(expiresInMs === undefined ? {} : { expiresInMs }) };
    return { id, ...(await this.#put(event, options)) };
  }

  /** Answers a message in the form in which it came, as the key it was written to. */
  reply(to: IncomingMessage, content: string): Promise<SentMessage> {
    const { sender, form, id, reader } = to;
    return this.send({ to: sender, content, form, replyTo: id, as: reader });
  }

  /**
   * Sends a message and waits for the reader's answer to it (its `e` tag), at most `deadlineMs`. Throws
   * CodedError when it could not be stored; else it always ends in an outcome.
   */
  async request(message: OutgoingMessage, deadlineMs: number): Promise<RequestOutcome> {
    this.#requests.assertRoom();
    const { id, event } = this.#seal(message);
    const answer = this.#requests.wait(id, message.to, deadlineMs);
    try {
      const relays = await this.#relaysOf(message.to);
      const { outcome } = await this.#put(event, { relays, expiresInMs: deadlineMs });
      void this.#failUnlessTaken(id, outcome);
    } catch (error) {
      this.#requests.fail(id, describeError(error));
      throw error;
    }
    return answer;
  }

  /** Signs an event with the node's key, now if it has no date, and publishes it. Throws CodedError. */
  async publish(
    template: Omit<EventTemplate, 'created_at'> & { readonly created_at?: number },
    options: PublishOptions = {},
  ): Promise<Published> {
    const event = this.#options.signer.sign({ created_at: this.#nowSeconds(), ...template });
    return this.#put(event, options);
  }

  /** Publishes an event that was signed already, such as by a key of before. Throws CodedError. */
  publishSigned(event: NostrEvent, options: PublishOptions = {}): Promise<Published> {
    return this.#put(event, options);
  }

  /** Publishes on which relays this node reads private messages (NIP-17, kind 10050). */
  publishRelayList(): Promise<Published> {
    const tags = [...this.#pool.own.keys()].map((url) => ['relay', url]);
    return this.publish({ kind: KINDS.dmRelays, tags, content: '' });
  }

  /** The public key under which this node writes and reads. */
  get pubkey(): string {
    return this.#options.signer.pubkey;
  }

  /** Each relay as it is now, the own ones first. */
  health(): readonly RelayStatus[] {
    return this.#pool.links.map((link) =>
      relayStatus(link, this.#pool.own.has(link.url), this.#coverage.of(link.url)),
    );
  }

  /** Events that were refused since the start, by reason. */
  get refused(): RefusalCounts {
    return this.#inbox.refused;
  }

  /** Events that wait for relays. */
  get outgoing(): number {
    return this.#outbox.size;
  }

  async #close(): Promise<void> {
    this.#requests.close('the transport was closed');
    await this.#pool.close();
    await this.#inbox.idle();
    await this.#outbox.close();
  }

  #seal({ to, content, form, replyTo, tags, as }: OutgoingMessage): {
    readonly id: string;
    readonly event: NostrEvent;
  } {
    if (!/^[0-9a-f]{64}$/.test(to)) {
      throw new CodedError<TransportErrorCode>(
        'recipient_invalid',
        'the reader is not a Nostr public key of 64 hexadecimal digits',
        { remedy: 'decode an npub1... first' },
      );
    }
    const { random } = this.#options;
    const signer = this.#signers.get(as ?? '') ?? this.#options.signer;
    const now = this.#nowSeconds();
    const allTags = [
      ['p', to],
      ...(replyTo === undefined ? [] : [['e', replyTo]]),
      ...(tags ?? []),
    ];
    if (form === 'nip44') {
      const sealed = signer.encrypt(to, content);
      const event = signer.sign({
        kind: KINDS.direct,
        created_at: now,
        tags: allTags,
        content: sealed,
      });
      return { id: event.id, event };
    }
    const inner = rumor({
      kind: KINDS.chat,
      created_at: now,
      tags: allTags,
      content,
      pubkey: signer.pubkey,
    });
    return { id: inner.id, event: giftWrap(inner, to, signer, now, random) };
  }

  async #relaysOf(peer: string): Promise<readonly string[]> {
    const relays = await this.#peers.of(peer);
    return relays.length > 0 ? relays : [...this.#pool.own.keys()];
  }

  async #put(event: NostrEvent, options: PublishOptions): Promise<Published> {
    const now = this.#options.clock.now();
    const wanted = options.relays ?? [...this.#pool.own.keys()];
    const relays = [...new Set(wanted.map((url) => this.#pool.usable(url)))]
      .filter((url) => url !== undefined)
      .slice(0, NOSTR_LIMITS.relaysPerEvent);
    const { outcome } = await this.#outbox.add({
      id: event.id,
      event,
      relays,
      quorum: Math.max(1, Math.min(options.quorum ?? this.#options.quorum ?? 1, relays.length)),
      createdAt: now,
      expiresAt: now + (options.expiresInMs ?? NOSTR_TIMES.outgoing),
      accepted: [],
    });
    return { event, outcome };
  }

  async #failUnlessTaken(id: string, outcome: Promise<PublishOutcome>): Promise<void> {
    const { kind } = await outcome;
    if (kind === 'refused' || kind === 'expired') {
      this.#requests.fail(id, `no relay took it (${kind})`);
    }
  }

  #hint(sender: string, createdAt: number): void {
    if (!this.#hints.due(sender, createdAt)) {
      return;
    }
    const { signer, log } = this.#options;
    const tell = async (): Promise<void> => {
      const content = signer.encryptHint(sender, NIP04_HINT);
      await this.publish({ kind: KINDS.nip04, tags: [['p', sender]], content });
    };
    tell().catch((error: unknown) => log('warn', `a hint was not sent: ${describeError(error)}`));
  }

  #relayReady(relay: string): void {
    this.#outbox.relayReady(relay);
    const cursors = [...this.#pool.own.values()].flatMap(({ cursor }) => cursor ?? []);
    const oldest = cursors.length === 0 ? undefined : Math.min(...cursors);
    this.#seen.prune(oldest).catch((error: unknown) => {
      this.#options.log('warn', `old ids were not forgotten: ${describeError(error)}`);
    });
  }

  #nowSeconds(): number {
    return Math.floor(this.#options.clock.now() / 1_000);
  }
}
