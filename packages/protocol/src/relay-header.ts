import {
  hexId,
  int,
  list,
  node,
  optional,
  pattern,
  type Struct,
  struct,
  timestamp,
} from './fields.ts';
import { RELAY_PATH_MAX, RELAY_TTL_MAX } from './limits.ts';

const relay = struct({
  msg_id: hexId,
  ttl: int(0, RELAY_TTL_MAX),
  relay_path: list(node, RELAY_PATH_MAX),
  origin: node,
  origin_ts: timestamp,
});

/** The members that relays put beside a payload's own, outside what is signed. */
export const HEADER_FIELDS = {
  _envelope_version: optional(int(1, 2)),
  _event_id: optional(pattern(/^[0-9a-f]{16,64}$/, 'an event id of 16 to 64 hexadecimal digits')),
  _relay: optional(relay),
};

/**
 * What a relay added to a message. The peer that delivers a relayed message is not the one that
 * signed it: `_relay.origin` sent it first, `_relay.relay_path` are the relays in order, `ttl` the
 * hops that remain. None of it is signed.
 */
export type RelayHeader = Struct<typeof HEADER_FIELDS>;

/** Reads and writes a {@link RelayHeader}. */
export const relayHeader = struct(HEADER_FIELDS);
