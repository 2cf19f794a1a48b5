/**
 * Largest message the framer holds, in bytes. The largest legitimate one is a mainnet
 * `listchannels`, about 40 MB today; six times that leaves years of growth and stays below V8's
 * longest string (2^29 - 24 units).
 */
export const MESSAGE_BYTES_MAX = 256 * 1024 * 1024;

/**
 * Bytes of a message under way are gathered in blocks of this size, that of a socket read: a buffer
 * that grows by doubling costs twice the time on 40 MB. One block is kept between messages.
 */
export const FRAMER_BLOCK_BYTES = 64 * 1024;

/**
 * Connections one client opens for ordinary calls. lightningd works on the calls of one connection
 * concurrently, so a few are enough to keep a long reply from delaying the short ones.
 */
export const CONNECTIONS_MAX = 4;

/** A call's deadline in milliseconds where none is given: above any command that does not wait for peers. */
export const CALL_TIMEOUT_MS = 60_000;

/** Longest delay that a timer takes (2^31 - 1 ms, 24.8 days); longer deadlines count as that. */
export const TIMER_MAX_MS = 2_147_483_647;

/**
 * Pauses in milliseconds between attempts to connect, 300 ms in all: enough for a full backlog or
 * for lightningd's socket to appear at its start, short enough for a person who waits.
 */
export const CONNECT_PAUSES_MS: readonly number[] = [20, 40, 80, 160];

/** Longest path of a unix socket in bytes (`sun_path` of Linux less its final zero; macOS has 103). */
export const SOCKET_PATH_BYTES_MAX = process.platform === 'linux' ? 107 : 103;

/** Rows per page of the pagination helper: some 100 KB a reply, so that lightningd is never held up. */
export const PAGE_ROWS = 500;

/**
 * Long integers of one message that the framer notes for the quick parser: some three a channel in
 * listpeerchannels. A message with more of them takes the slow parser.
 */
export const LONG_INTEGERS_MAX = 100_000;

/**
 * Text units of a list that are parsed at a time where it is wanted in pieces: what is parsed of them
 * fits into what the collector cleans cheapest. Of 64, 256, 1,000 and 4,000 thousand the first was
 * the fastest by a third.
 */
export const LIST_PIECE_CHARS = 64_000;

/** Cuts of a piece that are tried before all that is left is parsed at once. */
export const LIST_PIECE_TRIES = 8;
