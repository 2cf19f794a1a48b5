import { bytesToHex, type Random } from '@cl-hive/core';
import { type Event, EventUtils, type Filter } from '@nostr-relay/common';

/** Kind of an answer to a challenge (NIP-42). */
const AUTH_KIND = 22_242;

/** Kinds that only those whom they name, and their author, may read: direct messages and gift wraps. */
const PRIVATE_KINDS: ReadonlySet<number> = new Set([4, 1059, 4044]);

/** How far the date of an answer may be from now, in seconds (NIP-42: about ten minutes). */
const ANSWER_SKEW_SECONDS = 600;

/** Keys that one connection may prove: a client reads for a few. */
const KEYS_MAX = 16;

/** Who is at the other end of one connection, as far as it was proven (NIP-42). */
export class Authentication {
  readonly challenge: string;
  readonly #keys = new Set<string>();

  constructor(random: Random) {
    this.challenge = bytesToHex(random.bytes(16));
  }

  /** Takes an answer; gives why it proves nothing, or undefined. `url` is the relay's, `now` Unix seconds. */
  answer(event: Event, url: string, now: number): string | undefined {
    const tag = (name: string): string | undefined =>
      event.tags.find(([first]) => first === name)?.[1];
    const fault = EventUtils.validate(event);
    if (fault !== undefined) {
      return fault;
    }
    if (event.kind !== AUTH_KIND || tag('challenge') !== this.challenge) {
      return 'invalid: it answers another challenge';
    }
    if (hostOf(tag('relay')) !== hostOf(url)) {
      return 'invalid: it is for another relay';
    }
    if (Math.abs(event.created_at - now) > ANSWER_SKEW_SECONDS) {
      return 'invalid: its date is more than ten minutes from now';
    }
    if (this.#keys.size >= KEYS_MAX) {
      return 'restricted: too many keys on one connection';
    }
    this.#keys.add(event.pubkey);
    return undefined;
  }

  /** Whether a filter may select private events while nobody was proven. */
  refuses(filter: Filter): boolean {
    const { kinds } = filter;
    return this.#keys.size === 0 && kinds?.some((kind) => PRIVATE_KINDS.has(kind)) === true;
  }

  /** Whether the client may see an event. */
  mayRead(event: Event): boolean {
    return (
      !PRIVATE_KINDS.has(event.kind) ||
      this.#keys.has(event.pubkey) ||
      event.tags.some(([name, key]) => name === 'p' && key !== undefined && this.#keys.has(key))
    );
  }
}

function hostOf(text: string | undefined): string | undefined {
  try {
    return new URL(text ?? '').host;
  } catch {
    return undefined;
  }
}
