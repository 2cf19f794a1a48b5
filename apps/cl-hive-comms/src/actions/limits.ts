export { ASK_MS } from '@cl-hive/runtime/node';

/** Deadline of a change that lightningd makes by itself, in milliseconds. */
export const CHANGE_MS = 30_000;

/** Deadline of what needs a peer's answer (connecting, opening, splicing), in milliseconds. */
export const PEER_MS = 120_000;

/**
 * How long a cooperative close is awaited, in milliseconds. It goes on without its caller; that it has
 * begun is what the action is about.
 */
export const CLOSE_MS = 30_000;

/** Seconds in which a peer may agree before a force close of one channel is broadcast: the least there is. */
export const FORCE_CLOSE_S = 1;

/** The same when all are closed in an emergency: an agreed close costs less and pays at once. */
export const EMERGENCY_CLOSE_S = 30;

/** Seconds in which a payment looks for routes (xpay's own default). */
export const PAY_RETRY_S = 60;

/** Deadline of a payment in milliseconds: its retries, and time for the last part to come back. */
export const PAY_MS = 90_000;

/** Highest fee of a payment whose action names none: one percent, at least 5 sat (xpay's default). */
export const KEYSEND_FEE = { ppm: 10_000, leastMsat: 5_000n } as const;

/**
 * How long an effect has to be absent, from the first look on, until it counts as never happened: longer
 * than lightningd can still be at it, in milliseconds.
 */
export const SETTLE_MS = {
  change: 60_000,
  /** Opening, connecting and splicing with a peer that answers slowly. */
  peer: 600_000,
  /** `retry_for` of the payment, twice: no new part is tried after it. */
  payment: 120_000,
  /** lightningd gives a plugin 120 s to start. */
  plugin: 180_000,
} as const;

/** Intents whose first look is remembered: unknown ones are few; beyond it the oldest begin again. */
export const LOOKS_MAX = 1000;

/** A list of unfinished intents that is shorter is whole: stores give at least as many at once. */
export const UNFINISHED_WHOLE = 500;

/** Most rows of a list when no limit is given: some 30 KB of the answer's 65. */
export const ROWS_DEFAULT = 100;

/** Inputs in the bound of a splice, for which lightningd chooses the coins. */
export const SPLICE_INPUTS_MAX = 50;

/** Longest value that an answer shows of an option, in characters. */
export const OPTION_TEXT_MAX = 200;

/** Largest backup file that is looked at, in bytes: lightningd's holds some 300 bytes a channel. */
export const BACKUP_BYTES_MAX = 16 * 1024 * 1024;

/** Seconds until the invoice of a rebalance expires. */
export const REBALANCE_EXPIRY_S = 600n;

/** Final CLTV delta of a rebalance, in blocks (lightningd's `cltv-final` on mainnet). */
export const REBALANCE_FINAL_CLTV = 18;
