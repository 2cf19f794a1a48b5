import {
  hashOrEmpty,
  hexId,
  int,
  lineId,
  list,
  mustHold,
  node,
  oneOf,
  optional,
  pattern,
  shape,
  struct,
  text,
  timestamp,
  zbaseSignature,
} from '../fields.ts';
import {
  CAPABILITIES_MAX,
  CAPABILITY_CHARS_MAX,
  ID_CHARS_MAX,
  NAME_CHARS_MAX,
  REASON_CHARS_MAX,
  U32_MAX,
  VOUCHES_MAX,
} from '../limits.ts';

const version = text(1, NAME_CHARS_MAX);
const features = list(text(1, CAPABILITY_CHARS_MAX), CAPABILITIES_MAX);

/** 32 bytes in lower-case hexadecimal, so that a challenge cannot make us sign a chosen text. */
const nonce = pattern(/^[0-9a-f]{64}$/, 'a nonce of 64 lower-case hexadecimal digits');

/** A member's standing: neophytes are on probation, members vote. */
export const tier = oneOf('neophyte', 'member');

const vouch = {
  target_pubkey: node,
  request_id: hexId,
  timestamp,
  voucher_pubkey: node,
  sig: zbaseSignature,
};

/**
 * Joining, promotion, leaving and bans. A node joins with HELLO once it has a channel with a member,
 * which sends CHALLENGE; ATTEST signs the nonce, WELCOME takes it in; then STATE_HASH and FULL_SYNC
 * flow.
 */
export const MEMBERSHIP_MESSAGES = {
  HELLO: shape({
    pubkey: node,
    protocol_version: int(1, U32_MAX),
    supported_versions: optional(list(int(1, U32_MAX), CAPABILITIES_MAX)),
  }),
  CHALLENGE: shape({ nonce, hive_id: text(1, NAME_CHARS_MAX) }),
  ATTEST: shape({
    pubkey: node,
    version,
    features,
    nonce_signature: zbaseSignature,
    manifest_signature: zbaseSignature,
    manifest: struct({ pubkey: node, version, features, timestamp, nonce }),
  }),
  WELCOME: shape({
    hive_id: text(1, NAME_CHARS_MAX),
    tier,
    member_count: int(0, U32_MAX),
    state_hash: hashOrEmpty,
  }),
  VOUCH: shape(vouch),
  BAN: shape({
    peer_id: node,
    reason: text(0, REASON_CHARS_MAX),
    proposal_id: optional(text(1, ID_CHARS_MAX)),
  }),
  PROMOTION: shape(
    { target_pubkey: node, request_id: hexId, vouches: list(struct(vouch), VOUCHES_MAX) },
    ({ target_pubkey, request_id, vouches }) => {
      for (const [index, entry] of vouches.entries()) {
        const at = `vouches.${index}`;
        mustHold(
          entry.target_pubkey === target_pubkey,
          `${at}.target_pubkey`,
          'the key that is promoted',
          entry.target_pubkey,
        );
        mustHold(
          entry.request_id === request_id,
          `${at}.request_id`,
          'the request that is granted',
          entry.request_id,
        );
      }
    },
  ),
  PROMOTION_REQUEST: shape({ target_pubkey: node, request_id: hexId, timestamp }),
  MEMBER_LEFT: shape({
    peer_id: node,
    timestamp,
    reason: text(1, REASON_CHARS_MAX),
    signature: zbaseSignature,
  }),
  BAN_PROPOSAL: shape({
    proposal_id: hexId,
    target_peer_id: node,
    proposer_peer_id: node,
    reason: text(1, REASON_CHARS_MAX),
    timestamp,
    signature: zbaseSignature,
    proposal_type: optional(text(1, ID_CHARS_MAX)),
  }),
  BAN_VOTE: shape({
    proposal_id: hexId,
    voter_peer_id: node,
    vote: oneOf('approve', 'reject'),
    timestamp,
    signature: zbaseSignature,
  }),
  MSG_ACK: shape({
    ack_msg_id: lineId(ID_CHARS_MAX),
    status: oneOf('ok', 'invalid', 'retry_later'),
    sender_id: node,
    timestamp,
    signature: optional(zbaseSignature),
  }),
};
