// Bounds of the opening desk and its queue, with their reasons.

/** Deadline of what needs a peer's answer (opening, splicing), ms: a peer on Tor that takes its time. */
export const PEER_MS = 120_000;

/** Orders that are kept to be read, finished ones included; a planner that runs hourly fills them in a year. */
export const ORDERS_KEPT = 10_000;

/** Orders that are not over at once: what a person can still look through. */
export const ORDERS_LIVE_MAX = 200;

/** Orders on one page of a list. */
export const PAGE_MAX = 100;

/** Longest reason and name of a proposer, characters. */
export const REASON_CHARS_MAX = 500;
export const PROPOSER_CHARS_MAX = 64;

/** Least and greatest capacity, sat: what lightningd's peers accept, and ten bitcoin. */
export const CAPACITY_SAT_MIN = 10_000n;
export const CAPACITY_SAT_MAX = 1_000_000_000n;

/** Blocks after which nobody's yes is waited for any more (about a day, as the original). */
export const PROPOSAL_BLOCKS = 144;

/** Blocks that a rolling day of the budget has: no step of a clock opens it. */
export const BLOCK_MS = 600_000;

/** How often one opening may ask anew after its window passed right before lightningd was asked. */
export const WISHES_PER_ORDER_MAX = 3;

/** Blocks for which coins stay set aside after an opening was found not to have happened. */
export const FENCE_BLOCKS = 6;

/** How long approving waits for the outcome before it answers that it goes on, ms. */
export const APPROVE_WAIT_MS = 15_000;

/** How often members' channels are read from the public graph, ms: as often as a block comes. */
export const CHANNELS_AGAIN_MS = 600_000;

/** Actions that one call approves or rejects (the original's bound). */
export const BULK_MAX = 100;

/** Intents of others that are kept to be shown. */
export const SHOWN_INTENTS_MAX = 200;

/** Notices of the lock that are kept to be shown. */
export const NOTICES_MAX = 50;

/** Seconds after which originals forget an intent (what they send themselves). */
export const INTENT_EXPIRES_SECONDS = 300;

/** How long a close is awaited, ms; it goes on without its caller. */
export const CLOSE_MS = 30_000;

/** How long a splice or close has to be absent until it counts as never happened, ms. */
export const CHANNEL_SETTLE_MS = 600_000;
