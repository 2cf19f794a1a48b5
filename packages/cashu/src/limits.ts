/** Bounds on what mints, tokens and callers can make the wallet keep, compute or wait for. */
export const CASHU_LIMITS = {
  /** Mints that can be listed; each costs a request a minute while something of it is open. */
  mints: 16,
  /** Characters of a mint's address. */
  urlChars: 255,
  /** Bytes of a mint's answer: keys of all powers of two are 6 kB, a full restore is 100 kB. */
  answerBytes: 1_048_576,
  /** Milliseconds for a whole request; a melt waits for a Lightning payment. */
  requestMs: 60_000,
  /** Keysets of a mint that are read; rotating daily for a year stays below. */
  keysets: 512,
  /** Keys of a keyset: the powers of two of 64 bits. */
  keys: 64,
  /** Thousandths of a sat for each input; more would eat small proofs whole. */
  feePpk: 1000,
  /** Inputs of one operation: a mint's usual bound is 1,000, and each costs a signature check. */
  inputs: 200,
  /** Proofs of a token that is received. */
  tokenProofs: 200,
  /** Characters of a token: 200 proofs with locks. */
  tokenChars: 262_144,
  /** Characters of a secret (NUT-10 conditions); mints accept 1,024. */
  secretChars: 1024,
  /** Keys in one path of a lock. */
  lockKeys: 10,
  /** Largest amount of one operation in msat: 0.1 bitcoin, far above every cap of the ledger. */
  amountMsat: 10_000_000_000n,
  /** Outputs asked for at once in a restore (NUT-09). */
  restoreBatch: 50,
  /** Outputs without a signature after which a restore ends (NUT-13). */
  restoreGap: 200,
  /** Points asked for at once (NUT-07). */
  statePoints: 100,
  /** Seconds after a mint's invoice has ended for which a payment of it may still be under way. */
  quoteGraceS: 86_400,
  /** Milliseconds that a melt which the mint does not know of may still be on its way. */
  meltSettleMs: 180_000,
  /** Seconds by which a lock has to end before its keyset does, so that both sides can still swap. */
  keysetMarginS: 86_400,
  /** Operations that are shown at once. */
  shown: 100,
} as const;
