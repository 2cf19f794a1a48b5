// Every bound on what a peer or a caller can make this node keep or compute, with its reason.

/** Members of one hive; the issue of trust among owners who know one another does not grow further. */
export const MEMBERS_MAX = 50;

/** Blocks of one window: about 70 minutes, longer than an approval and an opening take together. */
export const WINDOW_BLOCKS = 7;

/** Grants one member may hold at once: a planner opens one channel at a time, others need targets too. */
export const GRANTS_PER_HOLDER_MAX = 5;

/** Grants kept in all: every member at its own limit. */
export const GRANTS_MAX = MEMBERS_MAX * GRANTS_PER_HOLDER_MAX;

/** Attempts known to be aborted, kept against late copies of their requests; older ones are past. */
export const ABORTED_MAX = 4 * GRANTS_MAX;

/** Openings one node pursues at once, unresolved ones included. */
export const WISHES_MAX = 16;

/** Finished openings that are kept to be read. */
export const FINISHED_WISHES_MAX = 64;

/** Windows an opening waits for its turn (about a day) before it is given up. */
export const WISH_WINDOWS_MAX = 20;

/** Milliseconds between two requests to a member that has not answered: longer than a round trip on Tor. */
export const REQUEST_AGAIN_MS = 10_000;

/** Milliseconds between two reconciliations of the same unknown opening. */
export const RECONCILE_AGAIN_MS = 60_000;

/** Hold of the original's intent protocol, milliseconds. */
export const INTENT_HOLD_MS = 60_000;

/** Original intents of one member that are remembered; more are refused, older ones are not evicted. */
export const FOREIGN_INTENTS_PER_MEMBER_MAX = 5;

/** Unused grants after which a holder is backed off. */
export const STRIKES_FREE = 2;

/** Longest back-off of a holder that wastes grants, windows. */
export const BACK_OFF_WINDOWS_MAX = 16;

/** Targets known to have a channel with the fleet: 50 members with 2,000 channels each. */
export const TAKEN_TARGETS_MAX = 100_000;

/**
 * Epochs of the membership that are kept, at most 4 kB each: members that slept catch up one by one.
 * Who missed more joins anew.
 */
export const EPOCHS_KEPT = 64;
