/** Transactions that may wait for the writer; a longer queue means that the disk cannot follow. */
export const WRITER_QUEUE_MAX = 10_000;

/** How long one transaction may run: its callback awaits something it should not when it takes longer. */
export const TRANSACTION_MS_MAX = 60_000;

/**
 * How long better-sqlite3 may block the event loop for a lock. Hooks have to be answered meanwhile,
 * so that longer waits are asynchronous, up to {@link BUSY_WAIT_MS_MAX}.
 */
export const BUSY_BLOCK_MS = 10;

/** How long a transaction waits for a foreign lock on the file (a backup tool, the sqlite3 shell). */
export const BUSY_WAIT_MS_MAX = 5_000;

/**
 * How long writing may be held up for a moment that several databases share. A hook that writes has
 * to answer within a second.
 */
export const HOLD_MS_MAX = 700;

/** How long opening waits for a previous process of the same plugin to go; a restart takes less. */
export const LOCK_WAIT_MS = 2_000;

/** Pause between two attempts to get a lock. */
export const LOCK_POLL_MS = 25;

/** Runs of one transaction that PostgreSQL answers with a serialization failure. */
export const CONFLICT_ATTEMPTS_MAX = 6;

/** Compiled statements kept per SQLite connection; a plugin has fewer different ones. */
export const STATEMENT_CACHE_MAX = 256;

/** Largest file whose pages are all checked on opening: a tenth of a second without answering hooks. */
export const QUICK_CHECK_BYTES_MAX = 64 * 1024 * 1024;

/**
 * What SQLite keeps of its write-ahead log once all readers have moved on: four times what it grows to
 * by itself. Without it the log keeps the length that a long reader once made it grow to.
 */
export const LOG_KEPT_BYTES = 16 * 1024 * 1024;

/** Reading connections to PostgreSQL; one plugin asks for little at once. */
export const POSTGRES_READERS_MAX = 4;

/** How long connecting to PostgreSQL may take. */
export const CONNECT_MS_MAX = 10_000;

/** How long one statement may run on PostgreSQL; migrations, backup and restore are exempt. */
export const STATEMENT_MS_MAX = 30_000;

/** Rows handled between two turns of the event loop while copying or digesting. */
export const ROWS_PER_TURN = 500;

/** Longest manifest of a backup that is read: some 100 bytes for each of a few hundred tables. */
export const MANIFEST_LENGTH_MAX = 1024 * 1024;

/** Tables in a backup's manifest; all three plugins together have fewer. */
export const MANIFEST_TABLES_MAX = 1_000;

/** Longest marker file that is read; written ones are below 300 bytes. */
export const MARKER_BYTES_MAX = 4_096;

/** Rows that a drill puts into each table: a few show whether any gets lost. */
export const DRILL_ROWS = 5;

/** Tries at rows that a table's constraints may refuse. */
export const DRILL_ATTEMPTS = 200;

/** Transactions that a drill commits at most while a backup is written. */
export const DRILL_WRITES_MAX = 5_000;
