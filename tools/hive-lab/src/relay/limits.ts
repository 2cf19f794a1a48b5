/** Bounds on what clients can make the relay store, send or compute. */
export const RELAY_LIMITS = {
  /** Events kept; the oldest arrivals go first. A fleet of 30 nodes writes a few hundred in an hour. */
  events: 20_000,
  /** Connections at once; each plugin holds one or two. */
  connections: 256,
  /** Subscriptions of one connection, as public relays allow. */
  subscriptions: 32,
  /** Filters of one subscription; every event is matched against each of them. */
  filters: 16,
  /** Bytes of one message: NIP-44 allows 65,535 bytes of plaintext, which is 87,472 in base64. */
  messageBytes: 262_144,
  /** Characters of an event's content, below the message with room for its tags. */
  contentLength: 200_000,
  /** Tags of one event. */
  tags: 2_000,
  /** Characters of the value of a one-letter tag. */
  tagLength: 1_024,
  /** Events that one query answers with. */
  queryResults: 5_000,
  /** Bytes waiting for a client that does not read; beyond it the connection is cut. */
  unreadBytes: 16_777_216,
  /** Milliseconds that a frame held back for reordering waits for another one. */
  reorderHoldMs: 50,
} as const;

/** The bounds of one relay; tests make them small. */
export type RelayLimits = { readonly [K in keyof typeof RELAY_LIMITS]: number };
