/** Largest operation in characters of JSON; Archon's Gatekeeper takes no larger one (64 KiB). */
export const OPERATION_CHARS_MAX = 65_536;

/** Deepest nesting of an operation or document: Archon's own stay below 10, a hostile one could be any. */
export const DOCUMENT_DEPTH_MAX = 32;

/**
 * Operations of one DID that are verified: a signature check each, some 2 ms. A node rotates its keys a
 * few times a year; a status has two operations.
 */
export const CHAIN_OPERATIONS_MAX = 500;

/** Largest credential in characters of JSON: what fits into one message with room for its envelope. */
export const CREDENTIAL_CHARS_MAX = 16_384;

/** Entries of a list in a credential (contexts, types, actions). */
export const CREDENTIAL_LIST_MAX = 200;

/** Metrics in a reputation credential, and references to evidence. */
export const METRICS_MAX = 32;
export const EVIDENCE_MAX = 16;

/** How long an answer about a revocation counts, ms: a revoked credential is refused within this time. */
export const REVOCATION_CACHE_MS = 3_600_000;

/** Longest grace that an operator can choose for answers about revocations, ms: a day. */
export const REVOCATION_GRACE_MS_MAX = 86_400_000;

/** How far another clock may be ahead, ms, as in management envelopes. */
export const CLOCK_SKEW_MS = 300_000;

/** Greatest weight that an operator gives an issuer of reputation. */
export const REPUTATION_WEIGHT_MAX = 100;

/** Full weights that the neutral prior has: 3, so that one issuer has at most a quarter of all weight. */
export const REPUTATION_PRIOR_SHARE = 3;

/** Failures in a row after which a Gatekeeper rests. */
export const GATEKEEPER_FAILURES_MAX = 3;

/** First rest of a Gatekeeper, ms; doubles up to {@link GATEKEEPER_REST_MS_MAX}. */
export const GATEKEEPER_REST_MS = 5_000;
export const GATEKEEPER_REST_MS_MAX = 600_000;

/** Most bytes of a Gatekeeper's answer: {@link CHAIN_OPERATIONS_MAX} operations of a usual size. */
export const GATEKEEPER_ANSWER_BYTES_MAX = 1_048_576;

/** Time for one request to a Gatekeeper, from look-up to last byte, ms. */
export const GATEKEEPER_REQUEST_MS = 10_000;

/** First wait before an operation is offered to a Gatekeeper again, ms; doubles to an hour. */
export const OUTBOX_RETRY_MS = 5_000;
export const OUTBOX_RETRY_MS_MAX = 3_600_000;

/** Bindings in an attestation: a node has one node key and a few Nostr keys. */
export const BINDINGS_MAX = 16;

/** Longest text that is signed for a sibling, in characters: tags, ids and a digest. */
export const SIGNED_TEXT_MAX = 1024;
