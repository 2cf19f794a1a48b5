/** Longest path of a unix socket in bytes: `sun_path` is 108 with its end (unix(7)), on macOS 104. */
export const SOCKET_PATH_BYTES_MAX = process.platform === 'darwin' ? 103 : 107;

/** Milliseconds in which a fresh fleet must become healthy. */
export const HEALTHY_DEADLINE_MS = 120_000;

/** Milliseconds between two looks at a node: short while it starts, longer when nothing is expected. */
export const OBSERVE_STARTING_MS = 300;
export const OBSERVE_RUNNING_MS = 1_500;

/** Milliseconds that one question to a node may take; a plugin that is slower counts as not answering. */
export const OBSERVE_TIMEOUT_MS = 10_000;

/** Milliseconds that a process has between SIGTERM and SIGKILL. */
export const END_GRACE_MS = 3_000;

/** Nodes of one fleet: beyond it the plugins' processes do not fit on one machine. */
export const NODES_MAX = 50;

/** Lines that are kept for the table. */
export const RECENT_LINES_MAX = 200;

/** Bytes of a state file; one of ours has about 300 per node. */
export const STATE_FILE_BYTES_MAX = 262_144;

/** Characters of texts that a plugin's status method gives. */
export const STATUS_TEXT_MAX = 4_096;

/** Siblings that a status names. */
export const STATUS_SIBLINGS_MAX = 64;
