/** Largest operation in characters of JSON; Archon's Gatekeeper takes no larger one (64 KiB). */
export const OPERATION_CHARS_MAX = 65_536;

/** Deepest nesting of an operation or document: Archon's own stay below 10, a hostile one could be any. */
export const DOCUMENT_DEPTH_MAX = 32;

/**
 * Operations of one DID that are verified: a signature check each, some 2 ms. A node rotates its keys a
 * few times a year; a status has two operations.
 */
export const CHAIN_OPERATIONS_MAX = 500;
