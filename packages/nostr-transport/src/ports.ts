import type { NostrEvent } from './event.ts';

/** How loud a line of the log is. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Where lines for the operator go. They never hold contents or keys. */
export type Log = (level: LogLevel, message: string) => void;

/** An event on its way out; persisted before it is first sent. Times are Unix milliseconds. */
export interface OutboxRecord {
  /** The event's id. */
  readonly id: string;
  readonly event: NostrEvent;
  /** Addresses it goes to. */
  readonly relays: readonly string[];
  /** How many of them must accept it. */
  readonly quorum: number;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Those that have. */
  readonly accepted: readonly string[];
}

/**
 * What must outlive the process. A promise that is fulfilled means on disk; each call is atomic; a
 * rejection means that nothing changed. `storageContract` of `/testing` is what an implementation must pass.
 */
export interface TransportStorage {
  /** The cursor of a relay (Unix seconds); undefined when it has none. */
  readonly loadCursor: (relay: string) => Promise<number | undefined>;
  /** Replaces the cursor of a relay. */
  readonly saveCursor: (relay: string, cursor: number) => Promise<void>;
  /** Whether an id was marked. */
  readonly hasSeen: (id: string) => Promise<boolean>;
  /** Marks ids as seen at a time (Unix milliseconds); an id that is marked already keeps its time. */
  readonly markSeen: (ids: readonly string[], at: number) => Promise<void>;
  /** Forgets ids marked before a time, and of the others the oldest beyond `most`. */
  readonly pruneSeen: (before: number, most: number) => Promise<void>;
  /** All records, oldest first. */
  readonly loadOutbox: () => Promise<readonly OutboxRecord[]>;
  /** Adds or replaces a record. */
  readonly putOutbox: (record: OutboxRecord) => Promise<void>;
  /** Removes a record; nothing happens when it is gone. */
  readonly removeOutbox: (id: string) => Promise<void>;
}
