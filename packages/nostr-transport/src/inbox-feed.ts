import { type Clock, describeError } from '@cl-hive/core';
import { beginCatchUp, type CatchUp, caughtEvent, nextPage, subscribeSince } from './cursor.ts';
import { hasTag, type NostrEvent } from './event.ts';
import type { Filter } from './filter.ts';
import { KINDS } from './kinds.ts';
import { NOSTR_LIMITS } from './limits.ts';
import type { Log, TransportStorage } from './ports.ts';
import type { Signer } from './signer.ts';
import type { SubscriptionIds } from './subscription-ids.ts';

/** What became of an event: `failed` when the store could not be asked, so that it must come again. */
export type Received = 'taken' | 'known' | 'forged' | 'unasked' | 'future' | 'failed';

/** What a feed needs of its link's host. */
export interface FeedHost {
  readonly clock: Clock;
  readonly signer: Signer;
  readonly formers: readonly Signer[];
  readonly storage: TransportStorage;
  readonly log: Log;
  readonly receive: (event: NostrEvent, relay: string) => Promise<Received>;
}

const READ_KINDS = [KINDS.giftWrap, KINDS.direct, KINDS.nip04];

/**
 * The subscription of one relay to what is addressed to this node: from its cursor on, stored events page
 * by page, then live. The cursor moves only when everything before it was taken.
 */
export class InboxFeed {
  readonly #relay: string;
  readonly #host: FeedHost;
  readonly #ids: SubscriptionIds;
  readonly #readers: string[];
  #inboxId = '';
  #pageId = '';
  #since = 0;
  #catchUp: CatchUp | undefined;
  /** Date of the newest event taken since the last subscription, Unix seconds. */
  #newest = 0;
  #complete = false;
  #failed = false;
  #cursor: number | undefined;
  #saving: Promise<void> = Promise.resolve();

  constructor(relay: string, ids: SubscriptionIds, host: FeedHost) {
    this.#relay = relay;
    this.#ids = ids;
    this.#host = host;
    this.#readers = [host.signer, ...host.formers].map(({ pubkey }) => pubkey);
  }

  /** Loads the cursor; before the first subscription. */
  async load(): Promise<void> {
    this.#cursor = await this.#host.storage.loadCursor(this.#relay);
  }

  get cursor(): number | undefined {
    return this.#cursor;
  }

  /** Whether the subscription has to be asked for again: events were not taken, or the clock went back. */
  get mustAskAgain(): boolean {
    return this.#inboxId !== '' && (this.#failed || this.#startAt() < this.#since);
  }

  owns(subscription: string): boolean {
    return this.isInbox(subscription) || (this.#pageId !== '' && subscription === this.#pageId);
  }

  isInbox(subscription: string): boolean {
    return this.#inboxId !== '' && subscription === this.#inboxId;
  }

  /** Asks for everything since the cursor, and for the own probes. */
  subscribe(send: (frame: string) => void): void {
    if (this.#inboxId !== '') {
      send(JSON.stringify(['CLOSE', this.#inboxId]));
    }
    this.#inboxId = this.#ids.next('i');
    this.#pageId = '';
    this.#since = this.#startAt();
    this.#catchUp = beginCatchUp(this.#since);
    this.#newest = 0;
    this.#complete = false;
    this.#failed = false;
    const probes: Filter = {
      kinds: [KINDS.probe],
      authors: [this.#host.signer.pubkey],
      since: this.#nowSeconds() - 60,
    };
    send(JSON.stringify(['REQ', this.#inboxId, this.#filter(), probes]));
  }

  /** The connection or the subscription ended. */
  forget(): void {
    this.#inboxId = '';
    this.#pageId = '';
    this.#catchUp = undefined;
    this.#complete = false;
  }

  /** Takes an event of the inbox or of a page; what was not asked for is told before any cryptography. */
  async take(event: NostrEvent): Promise<Received> {
    if (!this.#askedFor(event)) {
      return 'unasked';
    }
    if (event.created_at > this.#nowSeconds() + NOSTR_LIMITS.futureSeconds) {
      return 'future';
    }
    const inbox = this.#inboxId;
    const received = await this.#host.receive(event, this.#relay);
    if (inbox !== this.#inboxId) {
      return received;
    }
    if (received === 'failed') {
      this.#failed = true;
    } else if (received === 'taken' || received === 'known') {
      this.#newest = Math.max(this.#newest, Math.min(event.created_at, this.#nowSeconds()));
      if (this.#catchUp !== undefined) {
        this.#catchUp = caughtEvent(this.#catchUp, event.created_at);
      }
    }
    return received;
  }

  /** The relay has no more stored events: of the inbox for the `first` time, or of a page. */
  endOfStored(subscription: string, send: (frame: string) => void): 'first' | 'page' | 'unasked' {
    const page = this.#pageId !== '' && subscription === this.#pageId;
    const first = this.isInbox(subscription) && this.#catchUp?.page === 0 && !this.#complete;
    if ((!page && !first) || this.#catchUp === undefined) {
      return 'unasked';
    }
    if (page) {
      send(JSON.stringify(['CLOSE', subscription]));
      this.#pageId = '';
    }
    this.#catchUp = nextPage(this.#catchUp);
    if (this.#catchUp === undefined) {
      this.#complete = true;
    } else {
      this.#pageId = this.#ids.next('p');
      send(JSON.stringify(['REQ', this.#pageId, this.#filter(this.#catchUp.until)]));
    }
    return page ? 'page' : 'first';
  }

  /** The relay does not give older events: go on with what came, without moving the cursor. */
  pageRefused(): void {
    this.#pageId = '';
    this.#catchUp = undefined;
  }

  /** An own event made the round trip: everything before it has been delivered. */
  roundTrip(createdAt: number): void {
    this.#newest = Math.max(this.#newest, Math.min(createdAt, this.#nowSeconds()));
  }

  /** Stores the date of the last event, if all before it were taken. Never rejects. */
  saveCursor(): Promise<void> {
    this.#saving = this.#saving.then(() => this.#save());
    return this.#saving;
  }

  async #save(): Promise<void> {
    const cursor = this.#newest;
    if (!this.#complete || this.#failed || cursor === 0 || cursor === this.#cursor) {
      return;
    }
    try {
      await this.#host.storage.saveCursor(this.#relay, cursor);
      this.#cursor = cursor;
    } catch (error) {
      this.#host.log(
        'warn',
        `the cursor of ${this.#relay} was not stored: ${describeError(error)}`,
      );
    }
  }

  #filter(until?: number): Filter {
    return {
      kinds: READ_KINDS,
      '#p': this.#readers,
      since: this.#since,
      ...(until === undefined ? {} : { until }),
    };
  }

  #askedFor(event: NostrEvent): boolean {
    return (
      READ_KINDS.some((kind) => kind === event.kind) &&
      event.created_at >= this.#since &&
      this.#readers.some((key) => hasTag(event, 'p', key))
    );
  }

  #startAt(): number {
    return subscribeSince(this.#cursor, this.#nowSeconds());
  }

  #nowSeconds(): number {
    return Math.floor(this.#host.clock.now() / 1_000);
  }
}
