/** Kinds of events that this package reads or writes. */
export const KINDS = {
  /** NIP-04 direct message: refused with a hint. */
  nip04: 4,
  /** NIP-59 seal. */
  seal: 13,
  /** NIP-17 private direct message; only ever inside a seal. */
  chat: 14,
  /** NIP-59 gift wrap. */
  giftWrap: 1_059,
  /** Plain NIP-44 direct envelope of this project, stored by relays: `p` names the reader, content is NIP-44 v2. */
  direct: 4_044,
  /** NIP-17 list of the relays on which its author reads private messages. */
  dmRelays: 10_050,
  /** Own key of before names the one that replaces it; replaceable (NIP-01), signed by either. */
  handOver: 14_044,
  /** NIP-42 answer to a challenge. */
  auth: 22_242,
  /** Round trip of a relay's health; ephemeral (NIP-01), so relays do not store it. */
  probe: 24_044,
} as const;
