/** Largest message in a dmail, bytes: sealed and in base64 it fits into one message of 65,535 bytes. */
export const DMAIL_BYTES_MAX = 46_000;

/** Dmails that are remembered, so that one that comes again is not handed over again. */
export const DMAILS_REMEMBERED = 1_000;
