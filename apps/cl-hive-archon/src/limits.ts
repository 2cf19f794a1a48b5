/** Verified chains that are kept in memory: some 5 kB each. */
export const CHAINS_CACHED_MAX = 1000;

/** Identities that a node may have had: each is made by an operator's command. */
export const IDENTITIES_MAX = 100;

/** Gatekeepers that may be named: each may be asked for each resolution. */
export const GATEKEEPERS_MAX = 8;

/** Operations of others that are stored: some 1 kB each. */
export const FOREIGN_OPERATIONS_MAX = 20_000;

/** DIDs of others whose time of asking is remembered; one that is forgotten is asked for again. */
export const ASKED_MAX = 10_000;

/** How long nobody is asked about a DID again after nobody knew, ms: strangers can cause such questions. */
export const ASK_AGAIN_MS = 5_000;

/** How often a signature under an unknown key may have a DID asked for anew, ms. */
export const NEW_KEY_EVERY_MS = 60_000;

/** The node's own DIDs that one run of the outbox looks at: the next run takes the next ones. */
export const DELIVERIES_PER_RUN = 50;

/** Time between two runs of the outbox, ms. */
export const OUTBOX_EVERY_MS = 60_000;

/** Credentials that are kept in all, and of them those that others sent. */
export const CREDENTIALS_MAX = 50_000;
export const CREDENTIALS_SHOWN_MAX = 5_000;

/** Management credentials of one subject that a request is held against: a signature check each. */
export const CREDENTIALS_PER_SUBJECT_MAX = 16;

/** Issuers that the operator may name. */
export const ISSUERS_MAX = 1000;

/** Contacts that are remembered. */
export const CONTACTS_MAX = 10_000;

/** Challenges that wait for their answer at a time, and for how long, ms. */
export const CHALLENGES_MAX = 100;
export const CHALLENGE_MS = 30_000;

/** Challenges of others that are answered in a minute: lightningd signs once for each. */
export const CONTACT_ANSWERS_PER_MINUTE = 30;

/** Longest life of a management credential, ms: a year and a day, as a grant of power in cl-hive-comms. */
export const MANAGEMENT_MS_MAX = 366 * 86_400_000;
