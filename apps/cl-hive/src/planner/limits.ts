/** Bounds of the planner on this node, each with its reason. */

/** A cycle that takes longer is given up, ms: reading 100,000 nodes and planning take seconds. */
export const CYCLE_MS = 300_000;

/** Longest wait for an answer about the plan at hand, ms. */
export const ASK_MS = 60_000;

/** Longest wait for a fact of lightningd or CLBOSS, ms. */
export const FACT_MS = 30_000;

/** Heap of the planner's thread in MB: ten times what the public network of 2026 takes. */
export const ENGINE_HEAP_MB = 2048;

/** First cycle after waking, ms: gossip and the other members get a moment. */
export const FIRST_CYCLE_MS = 120_000;

/** Rows of the log; beyond them a tenth is dropped, oldest first (the original's rule). */
export const LOG_ROWS_MAX = 10_000;

/** Age from which log lines are dropped, ms (the original keeps a quarter). */
export const LOG_AGE_MAX_MS = 90 * 86_400_000;

/** Bytes of one line's details: a longer list of reasons is cut to its head. */
export const LOG_DETAILS_MAX = 8_000;

/** Recorded cycles that are kept, and their bytes together: a day, and room for the network to grow. */
export const CYCLES_MAX = 24;
export const CYCLE_BYTES_MAX = 96 * 1024 * 1024;

/** Largest recording that is unpacked, in bytes: above any that is made, below what hurts. */
export const RECORDING_BYTES_MAX = 512 * 1024 * 1024;

/** Orders that are remembered; finished ones go first. */
export const ORDERS_MAX = 500;

/** Peers that the operator may exclude. */
export const IGNORED_MAX = 10_000;

/** Targets whose refusals are remembered; the longest untouched go first. */
export const TARGETS_MAX = 10_000;

/** Targets that one call may rate. */
export const RATE_TARGETS_MAX = 50;

/** Maps that are kept in the plugin's folder are named by the operator: letters, digits, `._-`. */
export const MAP_NAME_CHARS_MAX = 100;
