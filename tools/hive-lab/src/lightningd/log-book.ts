import type { Clock, UnixMs } from '@cl-hive/core';
import type { LogLevel } from '../contract/node.ts';
import { LOG_BYTES_MAX } from './limits.ts';
import { LOG_LEVELS } from './rules/log-level.ts';

/** One line of a node's log. */
export interface LogEntry {
  readonly level: LogLevel;
  /** `lightningd`, `plugin-<name>`, … */
  readonly source: string;
  readonly text: string;
  readonly time: UnixMs;
}

/** Characters that an entry takes beside its text. */
const ENTRY_OVERHEAD = 64;

/** A node's log: keeps the latest part for `getlog` and tells whoever listens. */
export class LogBook {
  readonly createdAt: UnixMs;
  readonly #clock: Clock;
  readonly #listeners: ((entry: LogEntry, loud: boolean) => void)[] = [];
  #entries: LogEntry[] = [];
  #bytes = 0;
  #skipped = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.createdAt = clock.now();
  }

  get bytesUsed(): number {
    return this.#bytes;
  }

  /** Entries that the bound pushed out. */
  get skipped(): number {
    return this.#skipped;
  }

  onEntry(listener: (entry: LogEntry, loud: boolean) => void): void {
    this.#listeners.push(listener);
  }

  /** `loud` entries also become `warning` notifications; unusual and broken ones are by default. */
  add(level: LogLevel, source: string, text: string, loud = isLoud(level)): void {
    const entry: LogEntry = { level, source, text, time: this.#clock.now() };
    this.#entries.push(entry);
    this.#bytes += size(entry);
    if (this.#bytes > LOG_BYTES_MAX) {
      this.#prune();
    }
    for (const listener of this.#listeners) {
      listener(entry, loud);
    }
  }

  /** The kept entries of `level` and more urgent ones, oldest first. */
  entries(level: LogLevel): readonly LogEntry[] {
    const least = LOG_LEVELS.indexOf(level);
    return this.#entries.filter((entry) => LOG_LEVELS.indexOf(entry.level) >= least);
  }

  /** Drops the older half, so that pruning stays rare. */
  #prune(): void {
    let drop = 0;
    while (this.#bytes > LOG_BYTES_MAX / 2 && drop < this.#entries.length - 1) {
      const entry = this.#entries[drop];
      this.#bytes -= entry === undefined ? 0 : size(entry);
      drop += 1;
    }
    this.#skipped += drop;
    this.#entries = this.#entries.slice(drop);
  }
}

function isLoud(level: LogLevel): boolean {
  return level === 'unusual' || level === 'broken';
}

function size(entry: LogEntry): number {
  return entry.text.length + entry.source.length + ENTRY_OVERHEAD;
}
