import { CodedError, compareCodeUnits } from '@cl-hive/core';
import { REGISTRATIONS_MAX } from '../transports/limits.ts';
import { covers } from './topic.ts';

/** Why a registration was refused. */
export type RegistrationErrorCode = 'topic_taken' | 'transport_taken' | 'registry_full';

/** Who takes the messages of some topics. */
export interface HandlerEntry {
  readonly prefix: string;
  readonly method: string;
  /** Whether the plugin that offers the method runs. */
  readonly present: boolean;
}

/**
 * Which sibling's method takes which topics. An entry is kept while its plugin is gone, and serves
 * again when a plugin with that method starts; meanwhile another may take its place. It is not kept
 * over a restart of this plugin: siblings register whenever they wake.
 */
export class HandlerRegistry {
  #entries: readonly HandlerEntry[] = [];

  /** All entries, by prefix. */
  get entries(): readonly HandlerEntry[] {
    return this.#entries;
  }

  /** Adds an entry, or takes the place of one whose plugin is gone. Throws {@link RegistrationErrorCode}. */
  register(prefix: string, method: string): HandlerEntry {
    const before = this.#entries.find((entry) => entry.prefix === prefix);
    if (before?.present === true && before.method !== method) {
      throw new CodedError<RegistrationErrorCode>(
        'topic_taken',
        `${before.method} handles ${prefix} already`,
        { remedy: 'stop the plugin that offers it, or choose another topic' },
      );
    }
    if (before === undefined && this.#entries.length >= REGISTRATIONS_MAX) {
      throw new CodedError<RegistrationErrorCode>(
        'registry_full',
        `${REGISTRATIONS_MAX} handlers are registered already`,
        { remedy: 'register one prefix for several topics' },
      );
    }
    const entry: HandlerEntry = { prefix, method, present: true };
    this.#entries = [...this.#entries.filter((one) => one !== before), entry].sort((a, b) =>
      compareCodeUnits(a.prefix, b.prefix),
    );
    return entry;
  }

  /** The entry with the longest prefix that covers `topic`, present or not. */
  find(topic: string): HandlerEntry | undefined {
    return this.#entries
      .filter(({ prefix }) => covers(prefix, topic))
      .reduce<HandlerEntry | undefined>(
        (best, entry) =>
          best === undefined || entry.prefix.length > best.prefix.length ? entry : best,
        undefined,
      );
  }

  /** Notes that the plugins offering `methods` have started or stopped. */
  mark(methods: readonly string[], present: boolean): void {
    this.#entries = this.#entries.map((entry) =>
      methods.includes(entry.method) ? { ...entry, present } : entry,
    );
  }
}
