import type { Cancel, Clock } from '@cl-hive/core';
import type { NostrEvent } from './event.ts';
import { NOSTR_TIMES } from './limits.ts';

/** What became of an event offered to one relay. */
export type PublishAnswer =
  | { readonly kind: 'accepted' }
  /** `OK false`; the reason begins with a machine-readable word (NIP-01). */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Neither yes nor no came in time, or the connection ended; the relay may have it. */
  | { readonly kind: 'unanswered'; readonly reason: string };

/** Publications of one connection that wait for their OK. Its promises never reject. */
export class Publisher {
  readonly #clock: Clock;
  readonly #waiting = new Map<
    string,
    { settle: (answer: PublishAnswer) => void; cancel: Cancel }
  >();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `send` with the frame and waits for the answer to it. */
  publish(event: NostrEvent, send: (frame: string) => void): Promise<PublishAnswer> {
    return new Promise((resolve) => {
      this.#settle(event.id, { kind: 'unanswered', reason: 'it was offered once more' });
      const cancel = this.#clock.after(NOSTR_TIMES.publish, () =>
        this.#settle(event.id, { kind: 'unanswered', reason: 'no answer in time' }),
      );
      this.#waiting.set(event.id, { settle: resolve, cancel });
      send(JSON.stringify(['EVENT', event]));
    });
  }

  /** Takes an OK; false when nobody waits for it. `duplicate:` means that the relay has the event. */
  answer(id: string, accepted: boolean, reason: string): boolean {
    return this.#settle(
      id,
      accepted || reason.startsWith('duplicate:')
        ? { kind: 'accepted' }
        : { kind: 'refused', reason },
    );
  }

  /** The connection ended. */
  clear(reason: string): void {
    for (const id of this.#waiting.keys()) {
      this.#settle(id, { kind: 'unanswered', reason });
    }
  }

  #settle(id: string, answer: PublishAnswer): boolean {
    const entry = this.#waiting.get(id);
    if (entry === undefined) {
      return false;
    }
    this.#waiting.delete(id);
    entry.cancel();
    entry.settle(answer);
    return true;
  }
}
