/** How far a request's timestamp may be from the node's clock, in seconds; an option may narrow it. */
export const CLOCK_SKEW_SECONDS_MAX = 300;

/**
 * How far a nonce may be ahead of the highest known one and of the clock in microseconds, whichever is
 * more: ten minutes in microseconds. Counters and times in any unit up to microseconds fit; a nonce
 * near 2^53, which would lock its sender out for ever, does not.
 */
export const NONCE_AHEAD_MAX = 600_000_000;

/** Requests that one sender may make in a window: more is no advisor's work. */
export const RATE_PER_WINDOW = 60;

/** Requests of danger {@link RATE_DANGEROUS_FROM} or more that one sender may make in a window. */
export const RATE_DANGEROUS_PER_WINDOW = 5;

/** From this danger on the narrower rate holds. */
export const RATE_DANGEROUS_FROM = 5;

/** Length of the rate limiter's window in milliseconds. */
export const RATE_WINDOW_MS = 60_000;

/** Senders whose rate is remembered one by one: some 2 MB. Beyond it strangers share buckets. */
export const RATE_SENDERS_MAX = 10_000;

/** Buckets that strangers share once {@link RATE_SENDERS_MAX} is reached; a power of two. */
export const RATE_SHARED_BUCKETS = 1024;

/** Advisors of one node: each has a name that the operator gave by hand. */
export const ADVISORS_MAX = 1000;

/** Longest name or alias of an advisor, in characters. */
export const ADVISOR_NAME_MAX = 64;

/** Aliases and keys of one advisor. */
export const ADVISOR_NAMES_MAX = 16;

/** Grants of one advisor that are in force at a time. */
export const GRANTS_PER_ADVISOR_MAX = 32;

/** Entries of a named list in a grant or policy (peers, channels, schemas). */
export const NAMED_LIST_MAX = 1000;

/** Overrides of a policy that are in force at a time: a person has to keep them in mind. */
export const OVERRIDES_MAX = 64;

/** Longest life of an override: what is wanted for longer belongs in the policy. */
export const OVERRIDE_MS_MAX = 30 * 86_400_000;

/** Longest life of a grant that spends or closes. */
export const POWER_MS_MAX = 366 * 86_400_000;

/** Waiting approvals of one advisor, so that none can bury another's. */
export const APPROVALS_PER_ADVISOR_MAX = 20;

/** Waiting approvals in all: a person reads them. */
export const APPROVALS_MAX = 200;

/** Largest allowance for time that passed while the plugin was down, in milliseconds: the longest window. */
export const DOWNTIME_CREDIT_MS_MAX = 31 * 86_400_000;

/** Longest detail of an order, in characters of JSON: an invoice, an offer, some names. */
export const ORDER_DETAIL_MAX = 16_384;

/** Nodes that an order names as touched: the payee, seldom more. */
export const ORDER_PEERS_MAX = 8;

/** Active subscriptions: a person has to keep them in mind. */
export const SUBSCRIPTIONS_MAX = 100;

/** Shortest and longest period of a subscription, in ms: a payment has to be over before the next. */
export const SUBSCRIPTION_EVERY_MS = { least: 3_600_000, most: 366 * 86_400_000 } as const;

/** Purposes that have a limit of their own: a person has to keep them in mind. */
export const PURPOSE_LIMITS_MAX = 32;

/** Distinct alerts that are remembered for deduplication. */
export const ALERT_KEYS_MAX = 1000;

/** Longest text of a reason that is kept in a record, in characters. */
export const REASON_TEXT_MAX = 512;

/** Receipts between two signed checkpoints whose head is published outside. */
export const CHECKPOINT_RECEIPTS = 64;

/** Longest line of an exported receipt, in characters; a record with the largest envelope is below. */
export const RECEIPT_LINE_MAX = 262_144;

/** Deepest nesting of an answer's result, below the envelope's own; deeper parts go out as JSON text. */
export const ANSWER_RESULT_DEPTH_MAX = 5;

/** Bytes of an answer that are kept free for its signature and the signature's name. */
export const ANSWER_SIGNATURE_BYTES = 128;

/** Longest result of an action that is kept with its outcome, in characters of JSON; a longer one is cut, with a mark. */
export const OUTCOME_RESULT_MAX = 32_768;

/** How long requests that are over are kept, in ms of guard time: an advisor may ask what became of one. */
export const HISTORY_KEEP_MS = 90 * 86_400_000;

/** The least of it: no cap and no limit looks back further than {@link DOWNTIME_CREDIT_MS_MAX}. */
export const HISTORY_KEEP_MS_MIN = DOWNTIME_CREDIT_MS_MAX + 86_400_000;

/**
 * How long uses of tokens are counted, in ms of guard time: a year. A token ends after 30 days, by the wall
 * clock; should that be set back, its uses are still counted.
 */
export const TOKEN_USES_KEEP_MS = 366 * 86_400_000;

/**
 * Characters of the outcome of a request that is over and kept for its idempotency key alone: a longer
 * one loses its result. No rule lets the key itself be forgotten: a later request under it has a new nonce
 * and a new time, so that only the record tells that it ran.
 */
export const KEPT_OUTCOME_MAX = 2048;

/** Requests that one transaction of a prune removes: others want the database too. */
export const HISTORY_PRUNE_BATCH = 500;
