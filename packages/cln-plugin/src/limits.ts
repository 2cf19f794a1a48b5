/**
 * Largest message read from lightningd, bytes. lightningd passes 8 MiB parameters through and caps
 * its own input at 64 MiB; what is larger cannot be a request that we could serve.
 */
export const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;

/** Log lines that wait while lightningd does not read; beyond it the newest are dropped and counted. */
export const LOG_QUEUE_MAX = 2_000;

/** Longest log line, UTF-16 units; a longer one is cut, so that a dumped payload cannot fill the node's log. */
export const LOG_LINE_MAX = 16_384;

/** Bytes that wait for lightningd to read before requests stop being taken (back-pressure). */
export const OUTPUT_WAITING_MAX = 32 * 1024 * 1024;

/** Time a hook handler has before its fallback is sent, ms: peers and RPC callers wait meanwhile. */
export const HOOK_DEADLINE_MS = 5_000;

/** Longest deadline that a hook may ask for, ms: lightningd itself has no limit and would wait forever. */
export const HOOK_DEADLINE_MAX_MS = 60_000;

/** Time `init` has before the plugin disables itself, ms: no peer is served before every plugin answered. */
export const INIT_DEADLINE_MS = 5_000;

/** An `init` that takes longer than this is worth a warning, ms. */
export const INIT_SLOW_MS = 100;

/** Time that stop handlers have together, ms: lightningd kills 30 s after `shutdown`. */
export const STOP_DEADLINE_MS = 20_000;

/** Time that the last bytes have to be read by lightningd before we exit anyway, ms. */
export const FLUSH_DEADLINE_MS = 5_000;

/** Finished hook calls remembered by the recursion guard: work they left behind may still call. */
export const HOOK_IDS_REMEMBERED = 1_000;

/** Longest parameter array or object that a declared parameter takes unless it says otherwise. */
export const PARAM_ITEMS_MAX = 10_000;

/** Longest text parameter unless it says otherwise, UTF-16 units. */
export const PARAM_TEXT_MAX = 1024 * 1024;

/** Bytes of one datastore value: a value of 4 MiB crashes lightningd, and big rows slow its database. */
export const DATASTORE_CHUNK_BYTES = 64 * 1024;

/** Chunks of one stored value, hence 16 MiB: what is larger belongs into a file or a database. */
export const DATASTORE_CHUNKS_MAX = 256;

/** Attempts of one compare-and-swap before it is given up. */
export const DATASTORE_CAS_ATTEMPTS = 16;

/** A loop that is late by more than this stalls every RPC when `rpc_command` is hooked, ms. */
export const LOOP_LAG_WARN_MS = 250;

/** How often the loop's lag is measured, ms. */
export const LOOP_LAG_PERIOD_MS = 500;

/** Warnings of a late loop come at most this often, ms. */
export const LOOP_LAG_QUIET_MS = 10_000;

/** Time a sibling's probe method has to answer, ms. */
export const SIBLING_PROBE_MS = 10_000;
