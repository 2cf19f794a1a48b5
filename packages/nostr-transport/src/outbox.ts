import { type Cancel, type Clock, CodedError, describeError, type Random } from '@cl-hive/core';
import { roll } from './chance.ts';
import {
  acceptedBy,
  answered,
  authenticated,
  beginShipment,
  dueRelays,
  endingBy,
  isUnderWay,
  nextDue,
  offered,
  type PublishOutcome,
  type Shipment,
  verdict,
} from './delivery.ts';
import type { NostrEvent } from './event.ts';
import { NOSTR_LIMITS, NOSTR_TIMES } from './limits.ts';
import type { Log, OutboxRecord, TransportStorage } from './ports.ts';
import type { PublishAnswer } from './publisher.ts';

/** Why an event was not taken into the outbox. */
export type OutboxErrorCode = 'outbox_full' | 'outbox_closed' | 'no_relays';

/** What an outbox needs. */
export interface OutboxHost {
  readonly clock: Clock;
  readonly random: Random;
  readonly storage: TransportStorage;
  readonly log: Log;
  /** Whether a relay can be offered events now. */
  readonly isOpen: (relay: string) => boolean;
  /** Offers an event; never rejects. */
  readonly offer: (relay: string, event: NostrEvent) => Promise<PublishAnswer>;
  /** The relays to which something is still to go. */
  readonly needed: (relays: ReadonlySet<string>) => void;
}

interface Entry {
  readonly record: OutboxRecord;
  shipment: Shipment;
  readonly settle: (outcome: PublishOutcome) => void;
  settled: boolean;
}

/**
 * Events on their way out: stored before they are first offered. With the OK of a quorum the sender has its
 * outcome; the other relays are offered the event for a while longer, as the reader may only reach one of
 * those. It is removed when no relay is left to offer it to or its time is over. What a relay was not sure to have got is offered to it again: relays
 * know events by id.
 */
export class Outbox {
  readonly #host: OutboxHost;
  readonly #entries = new Map<string, Entry>();
  readonly #offering = new Map<string, number>();
  #reserved = 0;
  #cancelTick: Cancel | undefined;
  #nextPump = Number.POSITIVE_INFINITY;
  #closed = false;
  /** Writes happen one after another, so that the last word on a record is the last one written. */
  #written: Promise<void> = Promise.resolve();

  constructor(host: OutboxHost) {
    this.#host = host;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Takes up what an earlier process left. Rejects as the store does. */
  async load(): Promise<void> {
    for (const record of await this.#host.storage.loadOutbox()) {
      this.#entries.set(
        record.id,
        this.#entry(record, () => undefined),
      );
    }
    this.#pump();
  }

  /**
   * Stores an event and begins to offer it; fulfilled when it is stored. The outcome comes later and never
   * rejects. Throws CodedError {@link OutboxErrorCode}, or what the store rejects with.
   */
  async add(record: OutboxRecord): Promise<{ readonly outcome: Promise<PublishOutcome> }> {
    this.#assertTakes(record);
    this.#reserved += 1;
    try {
      await this.#host.storage.putOutbox(record);
    } finally {
      this.#reserved -= 1;
    }
    const outcome = new Promise<PublishOutcome>((resolve) => {
      if (this.#closed) {
        resolve({ kind: 'queued' });
      } else {
        this.#entries.set(record.id, this.#entry(record, resolve));
      }
    });
    this.#pump();
    return { outcome };
  }

  /** A relay became open, or knows this node now. */
  relayReady(relay: string): void {
    const now = this.#host.clock.monotonic();
    for (const entry of this.#entries.values()) {
      entry.shipment = authenticated(entry.shipment, relay, now);
    }
    this.#pump();
  }

  /** Stops offering; what is not done stays in the store. Fulfilled when the store is at rest. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTick?.();
    for (const entry of this.#entries.values()) {
      this.#settle(entry, { kind: 'queued' });
    }
    this.#entries.clear();
    await this.#written;
  }

  #assertTakes(record: OutboxRecord): void {
    if (this.#closed) {
      throw new CodedError<OutboxErrorCode>('outbox_closed', 'the Nostr transport is closed');
    }
    if (record.relays.length === 0) {
      throw new CodedError<OutboxErrorCode>('no_relays', 'there is no relay to publish to', {
        remedy: 'configure at least one relay',
      });
    }
    if (this.#entries.size + this.#reserved >= NOSTR_LIMITS.outbox) {
      throw new CodedError<OutboxErrorCode>(
        'outbox_full',
        `${NOSTR_LIMITS.outbox} events wait for their relays already`,
        { remedy: 'look at the health of the relays, or add one that works' },
      );
    }
  }

  #entry(record: OutboxRecord, settle: (outcome: PublishOutcome) => void): Entry {
    const now = this.#host.clock.monotonic();
    const left = Math.max(0, record.expiresAt - this.#host.clock.now());
    const { relays, accepted, quorum } = record;
    const shipment = beginShipment(relays, accepted, quorum, now + left, now);
    return { record, settle, shipment, settled: false };
  }

  #pump(): void {
    if (this.#closed) {
      return;
    }
    const now = this.#host.clock.monotonic();
    let next = Number.POSITIVE_INFINITY;
    const needed = new Set<string>();
    for (const entry of this.#entries.values()) {
      if (this.#review(entry, now)) {
        continue;
      }
      for (const relay of dueRelays(entry.shipment, now)) {
        this.#offer(entry, relay);
      }
      for (const [relay, { status }] of entry.shipment.deliveries) {
        if (status === 'due' || status === 'offered') {
          needed.add(relay);
        }
      }
      next = Math.min(next, nextDue(entry.shipment, now));
    }
    this.#host.needed(needed);
    this.#pumpAt(next);
  }

  #pumpAt(at: number): void {
    if (this.#closed) {
      return;
    }
    this.#cancelTick?.();
    this.#nextPump = at;
    this.#cancelTick = Number.isFinite(at)
      ? this.#host.clock.after(at - this.#host.clock.monotonic(), () => this.#pump())
      : undefined;
  }

  #pumpSoon(): void {
    const at = this.#host.clock.monotonic() + NOSTR_TIMES.nextOffers;
    if (at < this.#nextPump) {
      this.#pumpAt(at);
    }
  }

  /** Tells the outcome once it is certain; true when the entry is done with. */
  #review(entry: Entry, now: number): boolean {
    const outcome = verdict(entry.shipment, now);
    if (outcome === undefined) {
      return false;
    }
    if (outcome.kind === 'accepted' && !entry.settled) {
      entry.shipment = endingBy(entry.shipment, now + NOSTR_TIMES.spread);
    }
    this.#settle(entry, outcome);
    if (
      outcome.kind === 'accepted' &&
      isUnderWay(entry.shipment) &&
      now < entry.shipment.expiresAt
    ) {
      return false;
    }
    const { id, event } = entry.record;
    if (outcome.kind !== 'accepted') {
      this.#host.log('warn', `event ${id} of kind ${event.kind} was ${outcome.kind}`);
    }
    this.#entries.delete(id);
    this.#write(() => this.#host.storage.removeOutbox(id));
    return true;
  }

  #settle(entry: Entry, outcome: PublishOutcome): void {
    if (!entry.settled) {
      entry.settled = true;
      entry.settle(outcome);
    }
  }

  #offer(entry: Entry, relay: string): void {
    const underWay = this.#offering.get(relay) ?? 0;
    if (underWay >= NOSTR_LIMITS.publishing || !this.#host.isOpen(relay)) {
      return;
    }
    this.#offering.set(relay, underWay + 1);
    entry.shipment = offered(entry.shipment, relay);
    void this.#await(entry, relay, this.#host.offer(relay, entry.record.event));
  }

  async #await(entry: Entry, relay: string, offer: Promise<PublishAnswer>): Promise<void> {
    const answer = await offer;
    this.#offering.set(relay, (this.#offering.get(relay) ?? 1) - 1);
    if (this.#closed || !this.#entries.has(entry.record.id)) {
      return;
    }
    const now = this.#host.clock.monotonic();
    entry.shipment = answered(entry.shipment, relay, answer, now, roll(this.#host.random));
    if (!this.#review(entry, now) && answer.kind === 'accepted') {
      const accepted = acceptedBy(entry.shipment);
      this.#write(() => this.#host.storage.putOutbox({ ...entry.record, accepted }));
    }
    this.#pumpSoon();
  }

  /** A record that stays although it is done is offered once more after a restart, which relays answer with `duplicate`. */
  #write(work: () => Promise<void>): void {
    this.#written = this.#written.then(work).catch((error: unknown) => {
      this.#host.log('error', `the outbox was not stored: ${describeError(error)}`);
    });
  }
}
