/** Largest envelope in raw bytes, counted before anything reads it: what one BOLT 8 message carries. */
export const ENVELOPE_BYTES_MAX = 65_535;

/** Deepest nesting of an envelope; the deepest parameters need four. */
export const ENVELOPE_DEPTH_MAX = 8;

/** Longest name by which a sender calls itself, in characters (an `npub` has 63, a node id 66). */
export const PRINCIPAL_MAX = 128;

/** Longest idempotency key, in characters. */
export const IDEMPOTENCY_KEY_MAX = 64;

/** Longest reply address, in characters (a relay's URL and a key). */
export const REPLY_TO_MAX = 512;

/** Longest signature text, in characters: a Schnorr signature has 128, a rune about 200. */
export const SIGNATURE_MAX = 1024;

/** Longest L402 token, in characters: a macaroon of 4096 bytes in base64, and its preimage. */
export const L402_MAX = 5600;
