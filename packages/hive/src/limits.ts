// Every bound on what a peer or a caller can make this node keep or compute, with its reason.

/** Members of one hive; the issue of trust among owners who know one another does not grow further. */
export const MEMBERS_MAX = 50;

/** Blocks of one window: about 70 minutes, longer than an approval and an opening take together. */
export const WINDOW_BLOCKS = 7;

/** Grants one member may hold at once: a planner opens one channel at a time, others need targets too. */
export const GRANTS_PER_HOLDER_MAX = 5;

/** Grants kept in all: every member at its own limit. */
export const GRANTS_MAX = MEMBERS_MAX * GRANTS_PER_HOLDER_MAX;

/** Attempts known to be aborted that late copies of their requests could still revive. */
export const ABORTED_MAX = 4 * GRANTS_MAX;

/** Words of aborts kept as long as the grants of openings are compared; the oldest past ones go first. */
export const ABORT_WORDS_MAX = 5 * ABORTED_MAX;

/** Openings one node pursues at once, unresolved ones included. */
export const WISHES_MAX = 16;

/** Finished openings that are kept to be read. */
export const FINISHED_WISHES_MAX = 64;

/** Windows an opening waits for its turn (about a day) before it is given up. */
export const WISH_WINDOWS_MAX = 20;

/** Milliseconds between two requests to a member that has not answered: longer than a round trip on Tor. */
export const REQUEST_AGAIN_MS = 10_000;

/** Milliseconds between two reconciliations of the same unknown opening. */
export const RECONCILE_AGAIN_MS = 60_000;

/** Hold of the original's intent protocol, milliseconds. */
export const INTENT_HOLD_MS = 60_000;

/** Original intents of one member that are remembered; more are refused, older ones are not evicted. */
export const FOREIGN_INTENTS_PER_MEMBER_MAX = 5;

/** Windows for which the grants of openings are kept to be compared: a week. */
export const PROOF_WINDOWS = 144;

/** Evidence that is kept about one member: more proves no more. */
export const DOUBLES_PER_MEMBER_MAX = 10;

/** Milliseconds between two showings to members that have not answered. */
export const PROOF_AGAIN_MS = 600_000;

/** Openings of one holder whose grants are kept; with more, its oldest are dropped first. */
export const PROOFS_PER_HOLDER_MAX = 50;

/** Unused grants after which a holder is backed off. */
export const STRIKES_FREE = 2;

/** Longest back-off of a holder that wastes grants, windows. */
export const BACK_OFF_WINDOWS_MAX = 16;

/** Targets known to have a channel with the fleet: 50 members with 2,000 channels each. */
export const TAKEN_TARGETS_MAX = 100_000;

/**
 * Epochs of the membership that are kept, at most 4 kB each: members that slept catch up one by one.
 * Who missed more joins anew.
 */
export const EPOCHS_KEPT = 64;

/** Joins under way of candidates, in all; each needs a channel with this node, so few are honest. */
export const CHALLENGES_MAX = 1000;

/** Milliseconds after which a challenge is no longer answered. */
export const CHALLENGE_MS = 300_000;

/** Tickets one node keeps, used ones included until they expire. */
export const TICKETS_MAX = 1000;

/** Longest text of a ticket (the original's bound), read before anything in it is. */
export const TICKET_CHARS_MAX = 10_240;

/** Seconds that a ticket's issuer may be ahead: a day, since wrong clocks are told apart by it, not judged. */
export const TICKET_AHEAD_SECONDS_MAX = 86_400;

/** Ban proposals open at once, and of one proposer. */
export const BAN_PROPOSALS_MAX = 100;
export const BAN_PROPOSALS_PER_MEMBER_MAX = 5;

/** Milliseconds a ban proposal collects votes (the original's seven days). */
export const BAN_VOTE_MS = 7 * 86_400_000;

/** Bans that are kept; they hold for ever, so a full list is an alarm and the next ban is refused. */
export const BANS_MAX = 10_000;

/**
 * Nodes that left, remembered against stale lists; the oldest is forgotten first, and could then be
 * listed as a neophyte again.
 */
export const DEPARTURES_MAX = 1000;

/** Signed words that one list is answered with: a ban by a whole hive, and then some. */
export const WORDS_PER_LIST_MAX = 100;

/** Seconds that a time in a message may lie ahead of ours (the original's bound). */
export const FUTURE_SECONDS_MAX = 300;

/** Age in seconds beyond which a state is not taken: a week asleep and a day. */
export const STATE_AGE_SECONDS_MAX = 8 * 86_400;

/** How much a version may grow by in one message: a heartbeat each 5 minutes for a year. */
export const VERSION_STEP_MAX = 105_120;

/** Capacity that a member may claim beyond what the public graph shows, percent. */
export const CAPACITY_SLACK_PERCENT = 10n;

/** Change of capacity that is worth a gossip, percent (the original's threshold). */
export const GOSSIP_CHANGE_PERCENT = 10n;

/** Milliseconds between two gossips when nothing changes (the original's heartbeat). */
export const HEARTBEAT_MS = 300_000;

/** Milliseconds between two full syncs to the same peer, however often its hash differs. */
export const FULL_SYNC_AGAIN_MS = 60_000;

/** The longest such pause: it doubles while the same two hashes differ, since full syncs do not help. */
export const FULL_SYNC_AGAIN_MOST_MS = 3_600_000;

/** Pages of full syncs taken from a peer in one pause: fifty states that fill a message each, twice. */
export const FULL_SYNC_PAGES_MAX = 100;

/** Milliseconds between two hashes to a peer: when it connects anew, in answer to its own, and regularly. */
export const HASH_AGAIN_MS = 10_000;
export const HASH_EVERY_MS = 300_000;

/** The same to originals, which answer each that differs by all they know. */
export const HASH_TO_ORIGINALS_MS = 3_600_000;

/** Milliseconds after which an unfinished reconciliation is begun anew, and its most rounds. */
export const RECONCILE_MS = 60_000;
export const RECONCILE_ROUNDS_MAX = 64;

/** Items in one message of set reconciliation, and ranges: what stays far below 65,535 bytes. */
export const RECONCILE_ITEMS_MAX = 400;
export const RECONCILE_RANGES_MAX = 512;

/** Days of presence and contribution that are kept of each member (the original's window). */
export const RECORD_DAYS = 30;

/** Days and ratio by which the original calls a member a leech. */
export const LEECH_DAYS = 7;
export const LEECH_RATIO_PPM = 500_000n;

/** Greatest forward that is counted, msat: 1,000 BTC (the original's bound). */
export const FORWARD_MSAT_MAX = 10n ** 14n;

/** Neophytes that one member's full syncs may bring in at a time; honest ones arrive one by one. */
export const NEOPHYTES_PER_SPONSOR_MAX = 5;

/** Messages that wait for an acknowledgement, for each peer: a day of votes and credentials. */
export const OUTBOX_PER_PEER_MAX = 200;

/** First repetition of a reliable message, ms; doubles up to the greatest, which Tor outages reach. */
export const RESEND_FIRST_MS = 30_000;
export const RESEND_MOST_MS = 3_600_000;

/** Guard time after which a reliable message is given up, ms (three days: a weekend offline). */
export const RESEND_FOR_MS = 3 * 86_400_000;

/** Events remembered of each peer against a second handling, and for how long (longer than resending). */
export const SEEN_PER_PEER_MAX = 5000;
export const SEEN_FOR_MS = 4 * 86_400_000;

/** Messages of one type that a peer may send at once, and ms in which one more becomes possible. */
export const RATE_BURST = 30;
export const RATE_REFILL_MS = 2000;

/** Peers whose rates are kept; with more, those that are full again are dropped first. */
export const RATE_ENTRIES_MAX = 10_000;

/** Hops a message of ours may travel (the original's). */
export const RELAY_HOPS = 3;

/** Longest id of an attempt: a wish of 64 characters, a point and a window. */
export const ATTEMPT_CHARS_MAX = 80;

/** Greatest window and epoch: far beyond any block height (BOLT 7 has 24 bits of it). */
export const WINDOW_MAX = 0xffffff;

/** How far a ballot's round may go beyond the last one, so that nobody uses all rounds up. */
export const ROUND_STEP_MAX = 1000;

/** The span of the daily budget: it rolls, so that midnight opens nothing. */
export const BUDGET_SPAN_MS = 86_400_000;

/** Rows of one table of an original's database that are taken, the newest first; its own caps are lower. */
export const IMPORT_ROWS_MAX = 100_000;

/** Longest text of a row that is taken: details of the planner log, an offer. */
export const IMPORT_TEXT_MAX = 8192;

/** How far this node's version goes on above an original's last stored one: a day of heartbeats. */
export const IMPORT_VERSION_MARGIN = 288;

/** Part of the planner's interval by which its cycles come earlier or later. */
export const JITTER_PPM = 100_000;

/** How long a member may be chosen and do nothing before the fleet opens without it, and for how long, ms. */
export const PASSIVE_AFTER_MS = 2 * 3_600_000;
export const PASSIVE_REST_MS = 24 * 3_600_000;

/** Age from which a member's word about its funds no longer counts, ms: three missed hourly cycles. */
export const WORD_AGE_MAX_MS = 3 * 3_600_000;

/** Greatest amount a member may claim, sat (21 million BTC). */
export const WORD_SAT_MAX = 2_100_000_000_000_000;

/** Targets on the fleet's map; more cannot be told apart on one page. */
export const MAP_TARGETS_MAX = 160;

/** Characters of an alias on the map (BOLT 7: 32 bytes). */
export const ALIAS_CHARS_MAX = 32;
