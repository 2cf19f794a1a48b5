import type { Clock } from '@cl-hive/core';
import type { Migration } from './migration.ts';
import type { Owner } from './ownership.ts';
import type { DialectName, Session } from './session.ts';

/** Where the store says what a person should know; the levels are lightningd's. */
export type StoreLog = (level: 'info' | 'unusual' | 'broken', message: string) => void;

/** What a database is opened with, for both systems. */
export interface OpenContext {
  readonly owner: Owner;
  readonly migrations: readonly Migration[];
  readonly clock: Clock;
  readonly log: StoreLog;
  /** File that says that a database was made; undefined for none. */
  readonly markerFile: string | undefined;
}

/** The one connection that writes. */
export interface Writer {
  readonly session: Session;
  begin(): Promise<void>;
  commit(): Promise<void>;
  /** Never throws; afterwards no transaction is open. */
  rollback(): Promise<void>;
}

/** Figures about an open database. */
export interface BackendInfo {
  /** `SQLite 3.51.0` or `PostgreSQL 18.4`. */
  readonly engine: string;
  readonly sizeBytes: number;
  /** SQLite's write-ahead log; it grows while somebody else reads for long. 0 on PostgreSQL. */
  readonly logBytes: number;
  /** Whether a commit that was acknowledged survives a power cut, as far as the settings tell. */
  readonly durable: boolean;
  /** Whether a restored database can take its place: on PostgreSQL a schema for the old tables has to be made. */
  readonly replaceable: boolean;
}

/** All tables as of one moment. */
export interface Pin {
  /** Writes them into `draft`, an empty file that exists, as an SQLite database. */
  copy(draft: string): Promise<void>;
  /** Lets the moment go. Twice is once; never throws. */
  end(): Promise<void>;
}

/** What the two database systems do differently. */
export interface Backend {
  readonly dialect: DialectName;
  /** The location for people: without a password. */
  readonly place: string;
  acquireReader(): Promise<Session>;
  releaseReader(session: Session): void;
  /** The writing connection, made anew where it was lost. One user at a time. */
  writer(): Promise<Writer>;
  /** Figures, read through `reader` where a reader is enough. */
  info(reader: Session): Promise<BackendInfo>;
  /** Keeps hold of all tables as they are committed now; transactions go on meanwhile. */
  pin(): Promise<Pin>;
  close(): Promise<void>;
}

/** Resolves after `ms`. */
export function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}

/** Runs `work` between BEGIN and COMMIT; undone when it throws. */
export async function inTransaction<T>(writer: Writer, work: () => Promise<T>): Promise<T> {
  await writer.begin();
  try {
    const value = await work();
    await writer.commit();
    return value;
  } catch (error) {
    await writer.rollback();
    throw error;
  }
}
