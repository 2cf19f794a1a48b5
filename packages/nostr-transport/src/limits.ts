/**
 * Bounds on what relays and writers can make this package keep, send or compute. Times are in
 * milliseconds unless the name says otherwise.
 */
export const NOSTR_LIMITS = {
  /** Bytes of a frame that are received at all; a relay that sends more is cut. Public relays stop at 512 KiB. */
  frameBytesHard: 8 * 1024 * 1024,
  /**
   * Characters of a frame that is parsed; longer ones are dropped unread, so that a stored giant event costs
   * nothing. A gift wrap of the largest NIP-44 text (65,535 bytes in the seal) is about 117,000 long.
   */
  frameChars: 262_144,
  /** Tags of an event; a gift wrap has one or two, a group message one for each member. */
  tags: 64,
  /** Values of one tag. */
  tagValues: 16,
  /** Characters of one value of a tag. */
  tagChars: 1_024,
  /** UTF-8 bytes that one NIP-44 layer takes in its interoperable form (16-bit length). */
  nip44Bytes: 65_535,
  /** Seconds by which an event may be dated ahead of this clock. */
  futureSeconds: 900,
  /** Seconds by which NIP-59 may date a wrap back. */
  backdateSeconds: 172_800,
  /** Seconds more than that which a subscription reaches back: clocks differ, relays are slow. */
  lookbackMarginSeconds: 3_600,
  /** Frames a second and relay that are worked on; beyond it the socket is paused, nothing is lost. */
  framesPerSecond: 250,
  /** Frames that may come at once above that. */
  frameBurst: 2_000,
  /** As many frames counts one whose signatures are checked and whose text is decrypted: about 9 ms. */
  framesPerCheck: 8,
  /** Frames of a relay that wait to be worked on before its socket is paused. */
  frameQueue: 256,
  /**
   * Frames of a connection that no honest relay sends (garbage, not asked for, forged), until it is cut. What
   * strangers can store on an honest relay does not count: else they could have it cut.
   */
  badFrames: 100,
  /** Checks of signatures before other work gets its turn; each takes 2 to 4 ms. */
  checksPerTurn: 4,
  /** AUTH challenges answered in one connection; each costs a signature. */
  challenges: 8,
  /** Characters of a challenge. */
  challengeChars: 512,
  /** Characters of a relay's reason or notice that are kept. */
  reasonChars: 200,
  /** Event ids kept in memory; those beyond are looked up in the store. */
  seenInMemory: 20_000,
  /** Ids kept in the store; about 20 MB. With 30 messages a minute it holds for four days. */
  seenStored: 200_000,
  /** How long an id is kept at least: twice what a subscription reaches back. */
  seenForMs: 4 * 86_400_000,
  /** Between two prunings of the stored ids. */
  pruneEveryMs: 3_600_000,
  /** Messages that handlers work on at once; further ones wait. */
  handlersAtOnce: 64,
  /** Pages of older events fetched after a reconnect; relays give 100 to 500 events each. */
  pages: 50,
  /** An answer of fewer events than this was not cut short by the relay. */
  pageSuspect: 50,
  /** Events that one look-up takes. */
  lookupEvents: 32,
  /** Waiting entries of the outbox. */
  outbox: 5_000,
  /** Publications without an answer yet, for each relay. */
  publishing: 32,
  /** Relays that one event goes to. */
  relaysPerEvent: 8,
  /** Relays that are not the node's own and are connected at once. */
  foreignRelays: 16,
  /** DM relays of one writer that are used. */
  relaysPerPeer: 3,
  /** Writers whose DM relays are remembered. */
  peersRemembered: 1_000,
  /** For how long. */
  peerRelaysForMs: 3_600_000,
  /** The same for one of whom no list was found. */
  peerWithoutRelaysForMs: 60_000,
  /** Own requests that wait for an answer. */
  requests: 1_000,
  /** Hints to NIP-04 writers, all together in {@link hintWindowMs}: an answer to strangers must not be a lever. */
  hints: 20,
  /** One hint a writer in this time. */
  hintWindowMs: 3_600_000,
  /** Keys of before that are read at once: each is a filter value and an AUTH on every relay. */
  formers: 4,
  /** Conversation keys (NIP-44) that are remembered. */
  conversationKeys: 512,
  /** Recent messages from which coverage of the relays is told. */
  coverage: 256,
} as const;

/** Times of a connection and of the outbox, in milliseconds. */
export const NOSTR_TIMES = {
  /** TCP, TLS and the WebSocket handshake together. */
  connect: 15_000,
  /** First wait after a lost connection; doubles with each failure. */
  backoffFirst: 2_000,
  /** Longest wait. */
  backoffMax: 120_000,
  /** A connection that answered for this long counts as stable: the waits start anew. */
  stable: 30_000,
  /** Until a subscription without EOSE is taken as live. */
  eose: 10_000,
  /** Between two round trips. */
  probeEvery: 60_000,
  /** Until a round trip counts as failed. */
  probeAnswer: 15_000,
  /** First wait after a subscription was closed by the relay; doubles up to {@link backoffMax}. */
  resubscribe: 5_000,
  /** Until a publication without OK counts as unanswered. */
  publish: 15_000,
  /** First wait before an event is offered again to the same relay; doubles up to {@link backoffMax}. */
  republish: 3_000,
  /** How long an event that has its quorum is still offered to its other relays. */
  spread: 600_000,
  /** Between an answer and the look for what is due next: many answers, one look. */
  nextOffers: 10,
  /** Life of an outgoing event where its sender names none. */
  outgoing: 86_400_000,
  /** For a look-up on the relays. */
  lookup: 5_000,
  /** A foreign relay stays connected for this long after its last use. */
  foreignLinger: 30_000,
  /** Until a closing socket is cut. */
  hangUp: 1_000,
} as const;
