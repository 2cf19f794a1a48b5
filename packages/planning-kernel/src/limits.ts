/** Bounds on what a snapshot may hold, each with its reason. */

/**
 * Largest believable channel, in sat: 10,000 BTC, about twice all that the public network holds. More
 * is a broken or hostile entry, and one such entry would hide every true share.
 */
export const CHANNEL_CAPACITY_SAT_MAX = 1_000_000_000_000;

/** Sat that exist at most (21 million BTC): bound of every amount that a snapshot names. */
export const AMOUNT_SAT_MAX = 2_100_000_000_000_000;

/** Channel directions read from one snapshot: ten times the public network of 2026. */
export const HALF_CHANNELS_MAX = 2_000_000;

/** Nodes read from one snapshot: ten times the public network of 2026, rounded up. */
export const NODES_MAX = 500_000;

/** Members of a fleet; the cost of each is its channels, so this only stops nonsense. */
export const MEMBERS_MAX = 1_000;

/** Members' claims, pending intents, open orders, requests and other small lists, each. */
export const LIST_MAX = 100_000;

/** Times that one target's past refusals are remembered: beyond these the cool-down is at its longest. */
export const REFUSALS_MAX = 1_000;

/** Characters of a free text (strategy, rationale) that a snapshot brings. */
export const TEXT_MAX = 200;

/** Diagnostics name at most this many culprits of bad input; the count beside them is complete. */
export const DEFECT_EXAMPLES_MAX = 5;

/** Entries of a plan's ranking; what ranks lower is named by its diagnostic only. */
export const RANKING_MAX = 50;

/** Parts per million of a whole. */
export const PPM = 1_000_000;
