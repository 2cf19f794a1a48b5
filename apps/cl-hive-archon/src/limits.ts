/** Verified chains that are kept in memory: some 5 kB each. */
export const CHAINS_CACHED_MAX = 1000;

/** Identities that a node may have had: each is made by an operator's command. */
export const IDENTITIES_MAX = 100;
