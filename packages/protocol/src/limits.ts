// Every bound on what comes from outside. The original's own bounds are kept where it has any, so
// that whatever it accepts of its own kind is accepted here; where it has none, the reason is given.

/** Longest text that lightningd's `signmessage` takes, in bytes (its own limit). */
export const SIGNED_TEXT_BYTES_MAX = 65_535;

/** Longest zbase32 text that is decoded, in characters; a signature has 104. */
export const ZBASE32_CHARS_MAX = 4096;

/** Longest hive message with its four magic bytes: a BOLT 8 message (BOLT 1), and the original's limit. */
export const HIVE_MESSAGE_BYTES_MAX = 65_535;

/** Nesting of a hive message; recorded ones have at most 5, free-form members get the rest. */
export const WIRE_DEPTH_MAX = 16;

/** Digits of an integer: a u64 has 20, and conversion costs the square of the digits. */
export const WIRE_INTEGER_DIGITS_MAX = 40;

/** 2100-01-01 in seconds: a time in milliseconds is refused rather than taken for a far future. */
export const TIMESTAMP_MAX = 4_102_444_800;

/** All bitcoin there will be, in satoshi; fits a double exactly. */
export const SAT_MAX = 2_100_000_000_000_000;

/** Counters and u32 fields of the peer protocol (fees of BOLT 7, block heights). */
export const U32_MAX = 0xffff_ffff;

/** Versions and counters without a natural bound: what a double holds exactly. */
export const COUNTER_MAX = Number.MAX_SAFE_INTEGER;

/** Longest id that is not a key: request, proposal, session, window, credential. */
export const ID_CHARS_MAX = 64;

/** Longest event id of a sender's own making (a UUID has 36). */
export const EVENT_ID_CHARS_MAX = 128;

/** Longest text that names a peer, a route or a channel without being checked as one. */
export const NAME_CHARS_MAX = 128;

/** Longest channel id text, whichever form it has. */
export const CHANNEL_ID_CHARS_MAX = 50;

/** Longest reason of a person or a program. */
export const REASON_CHARS_MAX = 512;

/** Longest reason with an arbitration vote or a slash. */
export const LONG_REASON_CHARS_MAX = 1000;

/** Longest `host:port`; an onion v3 address with port has 68, a DNS name 255. */
export const ADDRESS_CHARS_MAX = 300;

/** Addresses a node may announce; BOLT 7 nodes seldom have more than 4. */
export const ADDRESSES_MAX = 32;

/** Capabilities or features a node may name, and the length of each. */
export const CAPABILITIES_MAX = 32;
export const CAPABILITY_CHARS_MAX = 64;

/** External peers in one gossip: more do not fit into a message. */
export const TOPOLOGY_MAX = 1000;

/** States and members in one full sync (the original's bound; about 100 fit). */
export const SYNC_ENTRIES_MAX = 500;

/** Vouches with one promotion. */
export const VOUCHES_MAX = 50;

/** Hops a relayed message may name (the original's safety limit). */
export const RELAY_PATH_MAX = 10;

/** Hops that may remain: the original starts at 3. */
export const RELAY_TTL_MAX = 10;

/** Longest BOLT 12 offer that is kept; offers with a blinded path have about 600 characters. */
export const OFFER_CHARS_MAX = 8192;

/** Longest PSBT text: what fits beside the other members. */
export const PSBT_CHARS_MAX = 60_000;

/** Fee rate of a report, ppm (1 %). */
export const REPORTED_FEE_PPM_MAX = 10_000;

/** Fee rate of a marker or a pheromone, ppm (10 %). */
export const MARKER_FEE_PPM_MAX = 100_000;

/** Volume of a report, sat. */
export const REPORTED_VOLUME_SAT_MAX = 1_000_000_000_000;

/** Amount of a liquidity need, a flow or a settlement, sat (1,000 BTC). */
export const MOVED_SAT_MAX = 100_000_000_000;

/** Smallest amount worth an assignment of the flow solver, sat. */
export const MCF_SAT_MIN = 10_000;

/** Capacity of a probed route, or volume of a marker, sat. */
export const ROUTE_SAT_MAX = 1_000_000_000;

/** Hops of a probed route. */
export const ROUTE_HOPS_MAX = 20;

/** Latency or response time, ms. */
export const LATENCY_MS_MAX = 60_000;

/** Entries of each kind of batch. */
export const BATCH_MAX = {
  feePeers: 200,
  reputationPeers: 200,
  needs: 50,
  probes: 100,
  markers: 50,
  pheromones: 100,
  yields: 200,
  patterns: 500,
  corridors: 100,
  coverage: 200,
  flowMembers: 10,
  mcfNeeds: 100,
  mcfAssignments: 200,
  contributions: 100,
  warnings: 10,
  netPayments: 500,
} as const;

/** Compact JSON of the free-form members, in characters. */
export const FREE_JSON_CHARS_MAX = {
  metrics: 4096,
  evidence: 16_384,
  credentialEvidence: 8192,
  schemas: 4096,
  constraints: 4096,
  receipt: 8192,
  task: 4096,
} as const;

/** Members of a management credential's constraints. */
export const CONSTRAINTS_MAX = 50;

/** Earliest time of a credential or fee period, in seconds (2023-11-14): older ones are refused. */
export const PERIOD_START_MIN = 1_700_000_000;

/** Longest period of a credential or a fee report, and of a management credential, in seconds. */
export const PERIOD_SECONDS_MAX = 365 * 86_400;
export const MANDATE_SECONDS_MAX = 730 * 86_400;

/** Smallest and largest channel that a task may ask to open, sat. */
export const TASK_SAT_MIN = 100_000;
export const TASK_SAT_MAX = 10_000_000_000;
