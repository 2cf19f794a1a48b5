/** Holders of a shared key: fewer than two share nothing, more than a hand or two nobody keeps in mind. */
export const HOLDERS_MIN = 2;
export const HOLDERS_MAX = 16;

/** Bytes of one share: a key of 32 and its place. */
export const SHARE_BYTES_MAX = 64;

/** Shares that a node keeps for others: 16 of each of a few dozen nodes. */
export const HELD_SHARES_MAX = 500;

/** Shares that a node keeps for one owner: a few sharings that follow one another. */
export const HELD_SHARES_PER_OWNER_MAX = 8;

/** How long a holder waits by default before it gives a share back: a day, in blocks. */
export const RELEASE_DELAY_BLOCKS_DEFAULT = 144;

/** Longest wait: a month. */
export const RELEASE_DELAY_BLOCKS_MAX = 4_464;

/** Requests for shares that a holder remembers for each owner. */
export const REQUESTS_PER_OWNER_MAX = 8;
