/** Bounds on what payees and their messages can make this package read or keep. */
export const PAYMENT_LIMITS = {
  /** Characters of a BOLT 11 invoice: what the largest QR code holds in its alphanumeric mode. */
  invoiceChars: 4296,
  /** Routing hints read from an invoice; more are a payee's attempt to make us search. */
  routeHints: 32,
  /** Hops read from one routing hint. */
  hopsInHint: 20,
  /** Bytes of a macaroon: Aperture's have some hundred; each caveat adds its own. */
  macaroonBytes: 4096,
  /** Caveats of a macaroon that are read. */
  caveats: 32,
  /** Characters of one WWW-Authenticate header value. */
  challengeChars: 16_384,
  /** Parts of an escrow ticket: each is proofs of its own at the mint, and a line that a person reads. */
  ticketParts: 32,
  /** What one ticket may hold, in msat: 10,000,000 sats, as the original's. */
  ticketMsat: 10_000_000_000n,
  /** Seconds that a ticket's locktime is ahead at least: the receiver has to do the work and redeem. */
  ticketSecondsMin: 3600,
  /** Seconds that it is ahead at most, so that no money is out of reach for longer. */
  ticketSecondsMax: 30 * 86_400,
  /** Characters of a task's, metric's or mint's name in a ticket. */
  ticketNameChars: 256,
  /** Uses that one token is good for at most: what is paid for should be used soon. */
  tokenUses: 1000,
  /** Seconds that a token is good for at least, and at most. */
  tokenSecondsMin: 60,
  tokenSecondsMax: 30 * 86_400,
  /** Senders whose reputation the operator set. */
  knownSenders: 1000,
  /** Dearest price of one request, in msat: 100,000 sats. */
  priceMsat: 100_000_000n,
} as const;
