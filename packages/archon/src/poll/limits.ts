/** Options of a poll: fewer are no choice, more nobody compares. */
export const POLL_OPTIONS_MIN = 2;
export const POLL_OPTIONS_MAX = 10;

/** Characters (code points) of an option: a line of a terminal. */
export const POLL_OPTION_CHARS_MAX = 64;

/** Characters of a title. */
export const POLL_TITLE_CHARS_MAX = 200;

/** Bytes of a poll's metadata as JSON. */
export const POLL_METADATA_BYTES_MAX = 8_192;

/** Characters of a ballot's reason. */
export const BALLOT_REASON_CHARS_MAX = 500;

/** Members of an electorate: with title and metadata a poll stays within one message of 65,535 bytes. */
export const ELECTORATE_MAX = 500;

/** Longest time from a poll's creation to its deadline, seconds: a year. */
export const POLL_SECONDS_MAX = 366 * 86_400;

/** A number of seconds above this is one of milliseconds: the year 5138. */
export const UNIX_SECONDS_MAX = 100_000_000_000;

/** How far the clocks of two members may differ, seconds. */
export const VOTE_SKEW_SECONDS = 3_600;

/** How long after its deadline a poll still takes what was cast in time, seconds. */
export const POLL_GRACE_SECONDS = 3_600;

/** Polls that are kept, with results of pruned ones: some 100 MB at their largest. */
export const POLLS_MAX = 5_000;

/** Ballots that are kept: some 50 MB. */
export const BALLOTS_MAX = 50_000;

/** Open polls of one creator that others keep: nobody fills the others' books. */
export const OPEN_POLLS_PER_CREATOR_MAX = 50;

/** Ballots that are kept of one voter in one poll: the one that counts, and proof of a second. */
export const BALLOTS_PER_VOTER_MAX = 2;

/** Ballots that came before their poll: kept until it comes. */
export const EARLY_BALLOTS_MAX = 2_000;

/** Early ballots of one voter: a stranger's signature costs nothing. */
export const EARLY_BALLOTS_PER_VOTER_MAX = 8;

/** Ballots in one message: some 500 bytes each, and 1,100 with the longest reason. */
export const BALLOTS_PER_MESSAGE_MAX = 20;

/** A governance member's bond by default, sat. */
export const BOND_SAT_DEFAULT = 50_000n;
