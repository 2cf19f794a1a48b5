/** Milliseconds for bitcoind or lightningd to answer after its start, on a slow machine. */
export const DAEMON_START_MS = 60_000;

/** Milliseconds for a node to see a block: dev-bitcoind-poll is one second. */
export const SYNC_MS = 60_000;

/** Milliseconds for an orderly stop, before the process is ended. */
export const DAEMON_STOP_MS = 10_000;

/** Characters of a daemon's last words that an error repeats. */
export const LAST_WORDS_MAX = 2_000;

/** Satoshi in each node's wallet, and the capacity of each channel of the ring. */
export const WALLET_SAT = 100_000_000;
export const CHANNEL_SAT = 5_000_000;
