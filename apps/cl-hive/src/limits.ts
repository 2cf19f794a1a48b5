// Every bound on what a peer, a sibling or a caller can make cl-hive keep or do, with its reason.

/** Decisions that wait for their turn; each takes about a millisecond, so more means something hangs. */
export const LINE_WAITING_MAX = 10_000;

/** Messages that wait for one peer; a full sync of the largest hive has a few pages. */
export const LANE_WAITING_MAX = 128;

/** Peers to whom messages are on their way at the same time: lightningd queues them at once. */
export const LANES_AT_ONCE = 8;

/** Longest wait for cl-hive-comms to hand a message over, ms; longer than its own call of lightningd. */
export const SEND_MS = 15_000;

/** Longest wait for a signature or a fact of lightningd, ms. */
export const CALL_MS = 10_000;

/** Longest topic of a message between nodes of this software, in characters. */
export const TOPIC_MAX = 64;

/** Milliseconds between two looks at what is due: outbox, votes, gossip. */
export const TICK_MS = 5000;

/** Wall clock before this (2024) is that of a board without a clock of its own. */
export const WALL_CLOCK_SECONDS_MIN = 1_704_067_200;

/** How far the wall clock may stand behind what was stored before it counts as lost, ms. */
export const WALL_CLOCK_BACK_MS = 3_600_000;

/** Messages without an event id that are remembered, so that none runs in circles: 50 members, an hour. */
export const RECENT_MAX = 20_000;

/** Members that a message is passed on to: three hops reach every member, and no flood arises. */
export const RELAY_FANOUT = 6;

/** Longest try to connect to a member, ms: Tor needs its time. */
export const CONNECT_MS = 60_000;

/** Longest hexadecimal of a message of the hive: 65,535 bytes. */
export const WIRE_HEX_MAX = 2 * 65_535;

/** How long a member's public capacity is believed before lightningd is asked again, ms. */
export const CAPACITY_CACHE_MS = 60_000;

/** Bytes of signed states in one message between nodes of this software, well below 65,535 with its frame. */
export const ITEMS_BYTES_MAX = 48_000;

/** Members that are connected to at the same time, and the pause before one is tried again, ms. */
export const CONNECTS_AT_ONCE = 3;
export const CONNECT_AGAIN_MS = 600_000;

/** How often the time is stored, ms: what a crash may take from guard time. */
export const STORE_TIME_MS = 60_000;

/** Longest name of a hive in characters, and longest reason (both the original's). */
export const HIVE_ID_MAX = 64;
export const REASON_MAX = 500;

/** Longest validity of a ticket, hours: the year of the original's first ticket. */
export const TICKET_HOURS_MAX = 8760;

/** How often presence and contribution are stored, ms: what a crash may take from a member's record. */
export const STORE_RECORDS_MS = 300_000;

/** Pause before lightningd is asked again which channel is whose, ms. */
export const CHANNELS_AGAIN_MS = 60_000;

/** Pause before a member that differs is told our hashes again, ms; doubles while it goes on to. */
export const TELL_AGAIN_MS = 60_000;

/** Candidates that were turned away which `hive-status` shows; enough for a person to see a pattern. */
export const TURNED_AWAY_MAX = 20;

/** Longest path of a file that is named (PATH_MAX of Linux). */
export const PATH_MAX = 4096;

/** Pause between two sweeps of the rates of peers while they are full, ms. */
export const RATE_SWEEP_MS = 1000;
