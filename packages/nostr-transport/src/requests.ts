import { type Cancel, type Clock, CodedError } from '@cl-hive/core';
import { NOSTR_LIMITS } from './limits.ts';
import type { IncomingMessage } from './message.ts';

/** How a request ended; it always does. */
export type RequestOutcome =
  | { readonly kind: 'answered'; readonly message: IncomingMessage }
  /** No relay took it, or the transport closed: `reason` says which. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** It may have been received and even carried out. */
  | { readonly kind: 'timeout' };

/** Why a request was not begun. */
export type RequestErrorCode = 'too_many_requests';

/** Own requests that wait for an answer of the one they were sent to. */
export class Requests {
  readonly #clock: Clock;
  readonly #waiting = new Map<
    string,
    { peer: string; settle: (outcome: RequestOutcome) => void; cancel: Cancel }
  >();
  #closed: string | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Throws CodedError `too_many_requests` when no more may wait. */
  assertRoom(): void {
    if (this.#waiting.size >= NOSTR_LIMITS.requests) {
      throw new CodedError<RequestErrorCode>(
        'too_many_requests',
        `${NOSTR_LIMITS.requests} requests wait for their answers already`,
        { remedy: 'try again when some of them are answered' },
      );
    }
  }

  /** Waits until `peer` answers message `id`, at most `deadlineMs`. Never rejects. */
  wait(id: string, peer: string, deadlineMs: number): Promise<RequestOutcome> {
    if (this.#closed !== undefined) {
      return Promise.resolve({ kind: 'failed', reason: this.#closed });
    }
    return new Promise((resolve) => {
      const cancel = this.#clock.after(deadlineMs, () => this.#settle(id, { kind: 'timeout' }));
      this.#waiting.set(id, { peer, settle: resolve, cancel });
    });
  }

  /** Takes a message if it answers a request and comes from the one who was asked. */
  answer(message: IncomingMessage): boolean {
    const { replyTo } = message;
    return replyTo !== undefined && this.#waiting.get(replyTo)?.peer === message.sender
      ? this.#settle(replyTo, { kind: 'answered', message })
      : false;
  }

  /** Ends a request that cannot be answered. */
  fail(id: string, reason: string): void {
    this.#settle(id, { kind: 'failed', reason });
  }

  /** Ends all of them, and those that come later at once. */
  close(reason: string): void {
    this.#closed = reason;
    for (const id of this.#waiting.keys()) {
      this.fail(id, reason);
    }
  }

  #settle(id: string, outcome: RequestOutcome): boolean {
    const entry = this.#waiting.get(id);
    if (entry === undefined) {
      return false;
    }
    this.#waiting.delete(id);
    entry.cancel();
    entry.settle(outcome);
    return true;
  }
}
