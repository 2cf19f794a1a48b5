/** Largest message over any transport, in bytes: that of an envelope, so that each can carry one. */
export const MESSAGE_BYTES_MAX = 65_535;

/** Bytes of a BOLT 8 message after its type (BOLT 1: 65,535 with the type). */
export const BOLT8_PAYLOAD_MAX = 65_533;

/** Unfinished messages of one peer: a peer sends one after the other, and copies may cross. */
export const PARTIALS_PER_PEER_MAX = 4;

/** Unfinished messages of all peers: at most 16 MB. */
export const PARTIALS_MAX = 256;

/** Until an unfinished message is dropped, ms: its parts are sent at once. */
export const PARTIAL_MS = 30_000;

/** Messages that one sender may deliver at once; a fleet's full sync is the largest burst. */
export const SENDER_BURST = 300;

/** Messages a second that one sender may deliver in the long run. */
export const SENDER_PER_SECOND = 20;

/** Senders whose rate is remembered one by one (some 1 MB); beyond it the rest share one allowance. */
export const SENDERS_MAX = 10_000;

/** Answers to senders whom nobody vouches for, all together: enough for mistakes, too little to misuse. */
export const STRANGER_ANSWERS = { burst: 60, perSecond: 1, senders: 1 } as const;

/** Requests that are worked on at once; each holds at most one message and its answer. */
export const REQUESTS_AT_ONCE_MAX = 64;

/** Longest call of a sibling's method, ms: a handler stores the message and answers. */
export const SIBLING_CALL_MS = 30_000;

/** Senders of one handler whose messages are handed over at the same time; those of one sender wait in line. */
export const HANDLER_CALLS_MAX = 8;

/** Messages that wait for one handler. */
export const HANDLER_QUEUE_MAX = 512;

/** Messages of one sender that wait for one handler, so that none can fill its queue alone. */
export const HANDLER_QUEUE_PER_SENDER_MAX = 64;

/** Registered handlers and registered transports, gone ones included: a few siblings have a few each. */
export const REGISTRATIONS_MAX = 32;

/** Longest topic, in characters. */
export const TOPIC_MAX = 64;

/** Longest id of a transport, in characters. */
export const TRANSPORT_ID_MAX = 32;

/** Longest name of an RPC method, in characters. */
export const METHOD_NAME_MAX = 64;

/** Longest reason that a sibling's transport gives and that is kept, in characters. */
export const REASON_MAX = 300;

/** Longest content of an event that is published for a sibling, in characters: what relays take. */
export const EVENT_CONTENT_MAX = 65_535;

/** Tags of an event that is published for a sibling, values of a tag, and the length of each. */
export const EVENT_TAGS_MAX = 64;
export const EVENT_TAG_VALUES_MAX = 16;
export const EVENT_TAG_CHARS_MAX = 1024;

/** How long a change of key or relays waits for requests that came over the old ones, ms. */
export const NOSTR_CLOSE_MS = 5_000;
