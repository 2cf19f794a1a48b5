/** Deadline of a question to lightningd, in milliseconds: it answers these from memory or its database. */
export const ASK_MS = 20_000;

/** Weight of one input with its witness in a bound (P2WPKH 272, P2TR 230). */
export const INPUT_WEIGHT = 272;

/** The same for an input that is nested in P2SH. */
export const NESTED_INPUT_WEIGHT = 364;

/** Weight of what a transaction has besides its inputs in a bound: version, counts, three outputs. */
export const BASE_WEIGHT = 700;

/** Slack of a fee's bound in satoshi: change below the dust limit becomes fee. */
export const DUST_SLACK_SAT = 1000n;
