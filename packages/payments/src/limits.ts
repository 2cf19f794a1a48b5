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
} as const;
