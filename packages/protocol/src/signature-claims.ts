import { isNodeId, type NodeId } from '@cl-hive/core';
import { canonicalJson } from './canonical-json.ts';
import { type Curve, nobleCurve } from './curve.ts';
import { objectsOf } from './hashes.ts';
import type { AnyKnownHiveMessage } from './hive-message.ts';
import type { HiveMessageName } from './message-types.ts';
import { verifyEitherForm } from './signatures.ts';
import { isSignedMessageName, legacyFeeReportString, signingString } from './signing-strings.ts';
import { isWireObject, member, type WireObject } from './wire-value.ts';

/** One signature in a message: `signer` is said to have signed one of `texts`. */
export interface SignatureClaim {
  /** Where the signature stands in the payload, members joined with dots. */
  readonly path: string;
  readonly signature: string;
  readonly signer: NodeId;
  /** The texts that originals sign here; more than one where their versions differ. */
  readonly texts: readonly string[];
}

/** The member that names the signer, for the types whose `signature` signs the payload. */
const SIGNERS: Readonly<Partial<Record<HiveMessageName, string>>> = {
  PEER_AVAILABLE: 'reporter_peer_id',
  GOSSIP: 'sender_id',
  STATE_HASH: 'sender_id',
  FULL_SYNC: 'sender_id',
  INTENT_ABORT: 'initiator',
  MEMBER_LEFT: 'peer_id',
  BAN_PROPOSAL: 'proposer_peer_id',
  BAN_VOTE: 'voter_peer_id',
  EXPANSION_NOMINATE: 'nominator_id',
  EXPANSION_ELECT: 'coordinator_id',
  EXPANSION_DECLINE: 'decliner_id',
  FEE_INTELLIGENCE_SNAPSHOT: 'reporter_id',
  PEER_REPUTATION_SNAPSHOT: 'reporter_id',
  LIQUIDITY_NEED: 'reporter_id',
  LIQUIDITY_SNAPSHOT: 'reporter_id',
  HEALTH_REPORT: 'reporter_id',
  ROUTE_PROBE: 'reporter_id',
  ROUTE_PROBE_BATCH: 'reporter_id',
  SETTLEMENT_OFFER: 'peer_id',
  FEE_REPORT: 'peer_id',
  TASK_REQUEST: 'requester_id',
  TASK_RESPONSE: 'responder_id',
  SPLICE_INIT_REQUEST: 'initiator_id',
  SPLICE_INIT_RESPONSE: 'responder_id',
  SPLICE_UPDATE: 'sender_id',
  SPLICE_SIGNED: 'sender_id',
  SPLICE_ABORT: 'sender_id',
  SETTLEMENT_PROPOSE: 'proposer_peer_id',
  SETTLEMENT_READY: 'voter_peer_id',
  SETTLEMENT_EXECUTED: 'executor_peer_id',
  STIGMERGIC_MARKER_BATCH: 'reporter_id',
  PHEROMONE_BATCH: 'reporter_id',
  YIELD_METRICS_BATCH: 'reporter_id',
  CIRCULAR_FLOW_ALERT: 'reporter_id',
  TEMPORAL_PATTERN_BATCH: 'reporter_id',
  CORRIDOR_VALUE_BATCH: 'reporter_id',
  POSITIONING_PROPOSAL: 'reporter_id',
  PHYSARUM_RECOMMENDATION: 'reporter_id',
  COVERAGE_ANALYSIS_BATCH: 'reporter_id',
  CLOSE_PROPOSAL: 'reporter_id',
  MCF_NEEDS_BATCH: 'reporter_id',
  MCF_SOLUTION_BROADCAST: 'coordinator_id',
  MCF_ASSIGNMENT_ACK: 'member_id',
  MCF_COMPLETION_REPORT: 'member_id',
  MSG_ACK: 'sender_id',
  DID_CREDENTIAL_REVOKE: 'issuer_id',
  MGMT_CREDENTIAL_REVOKE: 'issuer_id',
  SETTLEMENT_RECEIPT: 'sender_id',
  BOND_POSTING: 'sender_id',
  BOND_SLASH: 'sender_id',
  NETTING_PROPOSAL: 'sender_id',
  NETTING_ACK: 'sender_id',
  VIOLATION_REPORT: 'sender_id',
  ARBITRATION_VOTE: 'sender_id',
};

/** The claim of `object`'s signature member `key`, by the node in `signerKey`; none where it is absent. */
function claim(
  object: WireObject,
  key: string,
  signerKey: string,
  texts: readonly string[],
  under = '',
): readonly SignatureClaim[] {
  const signature = member(object, key);
  const signer = member(object, signerKey);
  return typeof signature === 'string' && isNodeId(signer)
    ? [{ path: `${under}${key}`, signature, signer, texts }]
    : [];
}

/** ATTEST signs the bare nonce, and the manifest as canonical JSON. */
function attestClaims(raw: WireObject): readonly SignatureClaim[] {
  const manifest = member(raw, 'manifest') ?? null;
  const nonce = isWireObject(manifest) ? member(manifest, 'nonce') : undefined;
  return [
    ...claim(raw, 'nonce_signature', 'pubkey', typeof nonce === 'string' ? [nonce] : []),
    ...claim(raw, 'manifest_signature', 'pubkey', [canonicalJson(manifest)]),
  ];
}

/** A promotion is not signed; each vouch in it is, by its voucher. */
function promotionClaims(raw: WireObject): readonly SignatureClaim[] {
  return objectsOf(member(raw, 'vouches')).flatMap((vouch, index) =>
    claim(vouch, 'sig', 'voucher_pubkey', [signingString('VOUCH', vouch)], `vouches.${index}.`),
  );
}

/** A presented credential is signed by its issuer; who presents it is not. */
function credentialClaims(
  name: 'DID_CREDENTIAL_PRESENT' | 'MGMT_CREDENTIAL_PRESENT',
  raw: WireObject,
): readonly SignatureClaim[] {
  const credential = member(raw, 'credential');
  return isWireObject(credential)
    ? claim(credential, 'signature', 'issuer_id', [signingString(name, raw)], 'credential.')
    : [];
}

/** Every signature that a message carries; none for the types that originals do not sign. */
export function signatureClaims(message: AnyKnownHiveMessage): readonly SignatureClaim[] {
  const { name, raw } = message;
  switch (name) {
    case 'ATTEST':
      return attestClaims(raw);
    case 'PROMOTION':
      return promotionClaims(raw);
    case 'VOUCH':
      return claim(raw, 'sig', 'voucher_pubkey', [signingString(name, raw)]);
    case 'DID_CREDENTIAL_PRESENT':
    case 'MGMT_CREDENTIAL_PRESENT':
      return credentialClaims(name, raw);
    case 'FEE_REPORT':
      return claim(raw, 'signature', 'peer_id', [
        signingString(name, raw),
        legacyFeeReportString(raw),
      ]);
    default: {
      const signer = SIGNERS[name];
      return signer === undefined || !isSignedMessageName(name)
        ? []
        : claim(raw, 'signature', signer, [signingString(name, raw)]);
    }
  }
}

/**
 * What a message's signatures prove: `unsigned` nothing; `valid` that `signers` signed what the
 * claims cover, and neither that they sent it now, nor that the rest of the message is theirs
 * (a full sync's states, a promotion's target, a relay's header are not covered); `invalid` that
 * the signature at `path` is not its signer's.
 */
export type SignatureVerdict =
  | { readonly status: 'unsigned' }
  | { readonly status: 'valid'; readonly signers: readonly NodeId[] }
  | { readonly status: 'invalid'; readonly path: string };

/** Checks every signature of a message, in either form that a lightningd may have signed. */
export function verifySignatures(
  message: AnyKnownHiveMessage,
  curve: Curve = nobleCurve,
): SignatureVerdict {
  const claims = signatureClaims(message);
  if (claims.length === 0) {
    return { status: 'unsigned' };
  }
  for (const { path, texts, signature, signer } of claims) {
    if (!texts.some((text) => verifyEitherForm(text, signature, signer, curve))) {
      return { status: 'invalid', path };
    }
  }
  return { status: 'valid', signers: [...new Set(claims.map(({ signer }) => signer))] };
}
