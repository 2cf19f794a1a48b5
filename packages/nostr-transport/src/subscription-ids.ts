import type { Random } from '@cl-hive/core';
import { rollName } from './chance.ts';

/** Names of the subscriptions of one link, which nobody can guess; a late frame is told from a made-up one. */
export class SubscriptionIds {
  readonly #secret: string;
  #count = 0;

  constructor(random: Random) {
    this.#secret = rollName(random, 8);
  }

  /** A new name that begins with a letter. */
  next(letter: string): string {
    this.#count += 1;
    return `${letter}${this.#secret}${this.#count}`;
  }

  /** Whether a name was given out here, may its subscription be open or over. */
  made(id: string): boolean {
    return id.slice(1, 1 + this.#secret.length) === this.#secret;
  }
}
