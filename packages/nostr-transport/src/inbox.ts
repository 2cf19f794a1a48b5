import { describeError } from '@cl-hive/core';
import type { Coverage } from './coverage.ts';
import { hasTag, hasValidSignature, type NostrEvent } from './event.ts';
import type { Received } from './inbox-feed.ts';
import { NOSTR_LIMITS } from './limits.ts';
import type { IncomingMessage, RefusalCode } from './message.ts';
import { openMessage } from './open-message.ts';
import type { Log } from './ports.ts';
import type { SeenIds } from './seen-ids.ts';
import type { Signer } from './signer.ts';

/** What an inbox needs. */
export interface InboxHost {
  readonly signer: Signer;
  /** Keys of before, which are still read. */
  readonly formers: readonly Signer[];
  readonly seen: SeenIds;
  readonly coverage: Coverage;
  readonly log: Log;
  /** Takes a message that answers an own request; false when it answers none. */
  readonly settle: (message: IncomingMessage) => boolean;
  /** Works on a message. What it throws is logged; the message does not come again. */
  readonly handle: (message: IncomingMessage) => Promise<void>;
  /** A writer used NIP-04; `createdAt` in Unix seconds. */
  readonly hint: (sender: string, createdAt: number) => void;
}

/** Events that were refused, by reason. */
export type RefusalCounts = Readonly<Partial<Record<RefusalCode | 'handler_failed', number>>>;

/**
 * From an event to a message: once for each event over all relays, once for each message over all
 * wraps, signature before content. An id is marked only after its handler is done, so that a crash in
 * between brings the message again: at least once, and what must not happen twice needs a nonce.
 */
export class Inbox {
  readonly #host: InboxHost;
  readonly #refused: Partial<Record<RefusalCode | 'handler_failed', number>> = {};
  readonly #working = new Set<Promise<void>>();

  constructor(host: InboxHost) {
    this.#host = host;
  }

  get refused(): RefusalCounts {
    return { ...this.#refused };
  }

  /** Takes an event whose addressee is this node. Never rejects. */
  async receive(event: NostrEvent, relay: string): Promise<Received> {
    this.#host.coverage.note(event.id, relay);
    try {
      if (!(await this.#host.seen.claim(event.id))) {
        return 'known';
      }
    } catch (error) {
      return this.#storeFailed(error);
    }
    // Only a right signature makes an id known: else a forgery under its id would hide the event.
    if (!hasValidSignature(event)) {
      this.#host.seen.release(event.id);
      return 'forged';
    }
    const opened = openMessage(event, this.#readerOf(event), relay);
    if (!opened.ok) {
      this.#count(opened.error);
      if (opened.error === 'nip04') {
        this.#host.hint(event.pubkey, event.created_at);
      }
      await this.#finish(event.id);
      return 'taken';
    }
    this.#host.coverage.message(event.id, opened.value.sender);
    return this.#deliver(event, opened.value);
  }

  /** Fulfilled when no handler is at work. */
  async idle(): Promise<void> {
    while (this.#working.size > 0) {
      await Promise.all(this.#working);
    }
  }

  async #deliver(event: NostrEvent, message: IncomingMessage): Promise<Received> {
    const ids = message.id === event.id ? [event.id] : [event.id, message.id];
    if (message.id !== event.id) {
      try {
        if (!(await this.#host.seen.claim(message.id))) {
          await this.#finish(event.id);
          return 'taken';
        }
      } catch (error) {
        this.#host.seen.release(event.id);
        return this.#storeFailed(error);
      }
    }
    if (this.#host.settle(message)) {
      await this.#finish(...ids);
      return 'taken';
    }
    while (this.#working.size >= NOSTR_LIMITS.handlersAtOnce) {
      await Promise.race(this.#working);
    }
    const work = this.#work(message, ids).finally(() => this.#working.delete(work));
    this.#working.add(work);
    return 'taken';
  }

  async #work(message: IncomingMessage, ids: readonly string[]): Promise<void> {
    try {
      await this.#host.handle(message);
    } catch (error) {
      this.#count('handler_failed');
      this.#host.log('error', `message ${message.id} was not handled: ${describeError(error)}`);
    }
    await this.#finish(...ids);
  }

  async #finish(...ids: readonly string[]): Promise<void> {
    try {
      await this.#host.seen.finish(...ids);
    } catch (error) {
      this.#host.log('error', `seen ids were not stored: ${describeError(error)}`);
    }
  }

  #storeFailed(error: unknown): Received {
    this.#host.log('error', `an event is left for later: ${describeError(error)}`);
    return 'failed';
  }

  #readerOf(event: NostrEvent): Signer {
    const { signer, formers } = this.#host;
    const addressed = ({ pubkey }: Signer): boolean => hasTag(event, 'p', pubkey);
    return addressed(signer) ? signer : (formers.find(addressed) ?? signer);
  }

  #count(reason: RefusalCode | 'handler_failed'): void {
    this.#refused[reason] = (this.#refused[reason] ?? 0) + 1;
  }
}
