/** Largest amount in satoshi: all that can exist (21 million bitcoin). */
export const AMOUNT_SATS_MAX = 2_100_000_000_000_000;

/** Largest amount in msat that the registry takes as a number: the largest safe integer (90,071 BTC). */
export const AMOUNT_MSAT_MAX = Number.MAX_SAFE_INTEGER;

/** Largest base fee in msat (BOLT 7: u32). */
export const BASE_FEE_MSAT_MAX = 4_294_967_295;

/** Largest proportional fee: all of the amount. BOLT 7 has room for more, a typing error has no need of it. */
export const FEE_PPM_MAX = 1_000_000;

/** Bounds of `cltv_expiry_delta` in blocks: BOLT 2 asks for at least 18, two weeks hold a payment hostage. */
export const CLTV_DELTA = { min: 18, max: 2016 } as const;

/** Most rows that one answer lists. */
export const LIST_LIMIT_MAX = 1000;

/** Most channels that one bulk action names: more is a script's work, in several envelopes. */
export const BULK_CHANNELS_MAX = 200;

/** Most channels that may serve as routing hints; an invoice has room for few. */
export const ROUTING_HINTS_MAX = 32;

/** Longest free text of a parameter (reasons, descriptions, configuration values), in characters. */
export const FREE_TEXT_MAX = 640;

/** Longest path, in characters. */
export const PATH_MAX = 1024;

/** Longest BOLT 11 invoice that is taken (the specification names 7,089 as what a QR code holds). */
export const BOLT11_MAX = 7089;
