/** Longest text that lightningd's `signmessage` takes, in bytes (its own limit). */
export const SIGNED_TEXT_BYTES_MAX = 65_535;

/** Longest zbase32 text that is decoded, in characters; a signature has 104. */
export const ZBASE32_CHARS_MAX = 4096;
