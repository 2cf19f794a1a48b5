/** lightningd waits this long for `getmanifest` and again for `init` (its docs say 60 s). */
export const HANDSHAKE_TIMEOUT_MS = 120_000;

/** What a plugin gets to end by itself after `shutdown`, before SIGKILL. */
export const SHUTDOWN_GRACE_MS = 30_000;

/**
 * How long a plugin may outlive a lightningd that died. Real lightningd leaves such a process
 * behind for good; a fleet on one machine must not.
 */
export const ORPHAN_GRACE_MS = 2_000;

/** One message from a plugin or client; lightningd has no bound, a JavaScript text ends at 2^29. */
export const MESSAGE_BYTES_MAX = 256 * 1024 * 1024;

/** Text of a foreign message that goes into a log line or an error; lightningd prints all of it. */
export const QUOTED_TEXT_MAX = 4_096;

/** Log kept for `getlog` per node: lightningd keeps 10 MiB, but fifty nodes share this process. */
export const LOG_BYTES_MAX = 1024 * 1024;

/** A datastore value from which lightningd v26.06.6 dies: its hex no longer fits the stack. */
export const DATASTORE_CRASH_BYTES = 4 * 1024 * 1024;

/** `signmessage` refuses longer texts (bytes). */
export const SIGNED_MESSAGE_MAX = 65_535;

/** Rune ids from which `blacklistrune` refuses. */
export const BLACKLIST_MAX = 100_000_000;

/** Path of a unix socket: `sockaddr_un` holds 108 bytes with its terminator. */
export const SOCKET_PATH_MAX = 107;
