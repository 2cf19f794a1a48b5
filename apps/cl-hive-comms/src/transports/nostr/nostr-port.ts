import type { Logger } from '@cl-hive/cln-plugin';
import { type Clock, CodedError, isCodedError, type JsonObject, type Random } from '@cl-hive/core';
import {
  KINDS,
  localSigner,
  type MessageForm,
  NOSTR_LIMITS,
  type NostrEvent,
  type IncomingMessage as NostrMessage,
  NostrTransport,
  type PublishOutcome,
  type RelayStatus,
  relayUrl,
  type Signer,
  type Tags,
  type TransportStorage,
} from '@cl-hive/nostr-transport';
import { bytesToUtf8, utf8ToBytes } from '@cl-hive/protocol';
import { isNostrKey } from '../target.ts';
import type {
  MessageHandler,
  Reach,
  SendErrorCode,
  SendOutcome,
  Target,
  TransportHealth,
  TransportPort,
} from '../transport-port.ts';

/** What the port is made of. */
export interface NostrParts {
  /** The node's own relays, as the operator wrote them. */
  readonly relays: readonly string[];
  /** The node's Nostr secret key, 32 bytes. */
  readonly secret: Uint8Array;
  /** Secrets of keys it had before, whose messages are still read. */
  readonly formers: readonly Uint8Array[];
  readonly storage: TransportStorage;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Why the transport was not started, or an event not published. */
export type NostrErrorCode = 'relays_too_many' | 'event_kind_refused';

/** How many relays must accept an event before it counts as sent; where there are fewer, all of them. */
const QUORUM = 2;

/** Until a message that no relay has taken yet is reported as queued, ms; it is offered on. */
const TAKEN_MS = 5_000;

const LEVELS = { debug: 'debug', info: 'info', warn: 'unusual', error: 'broken' } as const;

/**
 * Kinds that only this plugin signs: private messages, where it reads them, and what opens doors in the
 * node's name (NIP-42, NIP-47, NIP-98, Blossom).
 */
const OWN_KINDS: readonly number[] = [
  ...Object.values(KINDS),
  13_194,
  23_194,
  23_195,
  23_196,
  23_197,
  24_242,
  27_235,
];

/** Private messages over Nostr relays. Their sender is the key that signed them. */
export class NostrPort implements TransportPort {
  readonly id = 'nostr';
  readonly seal = 'recipient';
  readonly verifies = 'schnorr';
  readonly #clock: Clock;
  readonly #transport: NostrTransport;
  readonly #urls: readonly string[];
  readonly #formers: readonly Signer[];
  #handle: MessageHandler | undefined;

  /** Throws CodedError `relay_url`, `relays_too_many`. */
  constructor({ relays, secret, formers, storage, clock, random, log }: NostrParts) {
    const urls = [...new Set(relays.map((text) => relayUrl(text)))];
    if (urls.length > NOSTR_LIMITS.relaysPerEvent) {
      throw new CodedError<NostrErrorCode>(
        'relays_too_many',
        `${urls.length} relays are more than the ${NOSTR_LIMITS.relaysPerEvent} that are used`,
        { remedy: 'name fewer in hive-comms-nostr-relays' },
      );
    }
    this.#clock = clock;
    this.#urls = urls;
    this.#formers = formers.map((former) => localSigner(former, random));
    this.#transport = new NostrTransport({
      relays: urls,
      signer: localSigner(secret, random),
      formers: this.#formers,
      storage,
      clock,
      random,
      log: (level, message) => log(LEVELS[level], `nostr: ${message}`),
      onMessage: (message) => this.#receive(message),
      quorum: Math.min(QUORUM, urls.length),
    });
  }

  /** Takes up what is queued and begins to connect; tells clients where this node reads messages. */
  async start(): Promise<void> {
    await this.#transport.start();
    await this.#transport.publishRelayList();
    const tags = this.#urls.map((url) => ['relay', url]);
    const created_at = Math.floor(this.#clock.now() / 1000);
    for (const former of this.#formers) {
      await this.publishSigned(
        former.sign({ kind: KINDS.dmRelays, created_at, tags, content: '' }),
      );
    }
  }

  async reach({ nostr }: Target): Promise<Reach> {
    if (nostr === undefined) {
      return { kind: 'none', reason: 'the target has no Nostr key' };
    }
    return this.#healthy().length > 0
      ? { kind: 'now' }
      : { kind: 'later', reason: 'no relay answers now' };
  }

  health(): TransportHealth {
    const own = this.#transport.health().filter((relay) => relay.own);
    const bad = own.filter(({ verdict }) => verdict !== 'healthy');
    const detail: JsonObject = {
      relays: this.#transport.health().map((relay) => relayView(relay)),
      outgoing: this.#transport.outgoing,
      refused: { ...this.#transport.refused },
    };
    // Never down: what it takes is kept until a relay has it.
    return bad.length === 0
      ? { state: 'up', detail }
      : {
          state: 'degraded',
          reason: `${bad.length} of ${own.length} relays do not answer`,
          detail,
        };
  }

  async send({ nostr }: Target, body: Uint8Array): Promise<SendOutcome> {
    return nostr === undefined
      ? failed('target_unreachable', 'the target has no Nostr key', 'name its key')
      : this.#send(nostr, body, {}, (outcome) => this.#soon(outcome));
  }

  /** Stores an answer; a slow relay must not hold up the next request. */
  async reply({ to, as, form, message }: JsonObject, body: Uint8Array): Promise<SendOutcome> {
    // A key of before that is not read any more is not written with either.
    const how = isNostrKey(as) ? { as } : {};
    const isForm = form === 'nip17' || form === 'nip44';
    return isNostrKey(to) && isForm && typeof message === 'string'
      ? this.#send(to, body, { ...how, form, replyTo: message }, async () => ({ kind: 'queued' }))
      : failed('route_invalid', 'the route names no writer', 'ask again with the same nonce');
  }

  onMessage(handler: MessageHandler): void {
    this.#handle = handler;
  }

  /** Signs an event with the node's key and publishes it. Throws CodedError `event_kind_refused`, or the outbox's. */
  async publish(kind: number, content: string, tags: Tags): Promise<JsonObject> {
    if (OWN_KINDS.includes(kind)) {
      throw new CodedError<NostrErrorCode>(
        'event_kind_refused',
        `an event of kind ${kind} speaks for the node itself and is not signed for others`,
        { remedy: 'use hive-comms-send for messages' },
      );
    }
    const { event, outcome } = await this.#transport.publish({ kind, content, tags });
    return {
      event_id: event.id,
      public_key: event.pubkey,
      ...publishView(await this.#soon(outcome)),
    };
  }

  /** Publishes an event that was signed already; fulfilled when it is stored. Throws the outbox's CodedError. */
  async publishSigned(event: NostrEvent): Promise<void> {
    await this.#transport.publishSigned(event);
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  async #receive({ sender, reader, content, form, id }: NostrMessage): Promise<void> {
    await this.#handle?.({
      transport: this.id,
      sender: { scheme: 'schnorr', key: sender },
      body: utf8ToBytes(content),
      route: { to: sender, as: reader, form, message: id },
    });
  }

  async #send(
    to: string,
    body: Uint8Array,
    how: { readonly as?: string; readonly form?: MessageForm; readonly replyTo?: string },
    settle: (outcome: Promise<PublishOutcome>) => Promise<PublishOutcome>,
  ): Promise<SendOutcome> {
    const content = bytesToUtf8(body);
    if (content === undefined) {
      return failed('send_failed', 'the message is no text', 'use another transport');
    }
    try {
      const { id, outcome } = await this.#transport.send({ to, content, ...how });
      return outcomeOf(id, await settle(outcome));
    } catch (error) {
      if (!isCodedError(error)) {
        throw error;
      }
      return failed(SEND_CODES[error.code] ?? 'send_failed', error.message, error.remedy ?? '');
    }
  }

  /** The outcome if it comes soon; what takes longer is queued. */
  #soon(outcome: Promise<PublishOutcome>): Promise<PublishOutcome> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(TAKEN_MS, () => resolve({ kind: 'queued' }));
      void outcome.then((value) => {
        cancel();
        resolve(value);
        return undefined;
      });
    });
  }

  #healthy(): readonly RelayStatus[] {
    return this.#transport.health().filter(({ own, verdict }) => own && verdict === 'healthy');
  }
}

const SEND_CODES: Readonly<Record<string, SendErrorCode>> = {
  nip44_too_long: 'message_too_large',
  outbox_full: 'transport_full',
  outbox_closed: 'transport_down',
};

function outcomeOf(id: string, outcome: PublishOutcome): SendOutcome {
  switch (outcome.kind) {
    case 'accepted':
      return { kind: 'sent', detail: { message: id, relays: outcome.by } };
    case 'queued':
      return { kind: 'queued', detail: { message: id } };
    case 'refused':
    case 'expired': {
      const said = outcome.refusals.map(({ relay, reason }) => `${relay}: ${reason}`).join('; ');
      // One relay may have it although the others would not.
      return outcome.by.length === 0
        ? failed('send_failed', `no relay took it: ${said}`, 'look at hive-comms-transports')
        : { kind: 'sent', detail: { message: id, relays: outcome.by, refused: said } };
    }
  }
}

function publishView(outcome: PublishOutcome): JsonObject {
  switch (outcome.kind) {
    case 'accepted':
      return { outcome: 'accepted', relays: outcome.by };
    case 'queued':
      return { outcome: 'queued', relays: [] };
    case 'refused':
    case 'expired': {
      const refusals = outcome.refusals.map((refusal) => ({ ...refusal }));
      return { outcome: outcome.kind, relays: outcome.by, refusals };
    }
  }
}

function relayView(relay: RelayStatus): JsonObject {
  const { url, own, verdict, phase, auth, subscription, latencyMs, lastSuccessAt } = relay;
  const { lastFailure, notice, dials, bad, coverage } = relay;
  return {
    url,
    own,
    health: verdict,
    phase,
    auth,
    subscription,
    dials,
    latency_ms: latencyMs === undefined ? null : Math.round(latencyMs),
    last_success: seconds(lastSuccessAt),
    last_failure:
      lastFailure === undefined
        ? null
        : { code: lastFailure.code, reason: lastFailure.reason, at: seconds(lastFailure.at) },
    notice: notice ?? null,
    bad_frames: { ...bad },
    coverage: {
      messages: coverage.messages,
      delivered: coverage.delivered,
      silent_about: coverage.silentAbout,
    },
  };
}

function seconds(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.floor(ms / 1000);
}

function failed(code: SendErrorCode, message: string, remedy: string): SendOutcome {
  return { kind: 'failed', code, message, remedy };
}
