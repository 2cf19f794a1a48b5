import {
  DecodeError,
  type Decoder,
  err,
  hex,
  hexToBytes,
  integer,
  type JsonObject,
  nodeIdDecoder,
  object,
  ok,
  oneOf,
  optional,
  type Result,
  text,
} from '@cl-hive/core';
import { type Curve, nobleCurve, utf8ToBytes, verifyEitherForm } from '@cl-hive/protocol';
import { sha256 } from '@noble/hashes/sha2.js';
import { type Chain, versionAt } from '../did/chain.ts';
import { isoTime } from '../did/jwk.ts';
import { didDecoder } from '../did/operation.ts';
import {
  type Did,
  jsonObject,
  proofHolds,
  provenDigest,
  readProof,
  type SigningKey,
  withProof,
} from '../did/proof.ts';
import { type NostrEvent, nostrEventDecoder, nostrEventHolds } from './nostr-event.ts';

/** The kinds of keys that a DID is bound to. */
export type BoundKind = 'node' | 'nostr';

/** That a DID and a key belong to the same owner. */
export interface BindingClaim {
  readonly did: Did;
  readonly kind: BoundKind;
  /** A node id, or a Nostr key in hexadecimal (x only). */
  readonly key: string;
  /** ISO time. */
  readonly created: string;
}

/** What the bound key signs: lightningd's `signmessage`, BIP 340 over the SHA-256, or a Nostr event's content. */
export function bindingText({ did, kind, key, created }: BindingClaim): string {
  return `cl-hive/binding/v1:${kind}:${key}:${did}:${created}`;
}

/** The bound key's half: a signature text, or a whole Nostr event by it. */
export type KeyProof = { readonly signature: string } | { readonly event: NostrEvent };

/** Why a binding does not hold. */
export type BindingFaultCode = 'binding_form' | 'binding_did' | 'binding_key' | 'binding_proof';

/** What is wrong with a binding. */
export interface BindingFault {
  readonly code: BindingFaultCode;
  readonly message: string;
}

const xOnly: Decoder<string> = (input) => {
  const key = hex(32)(input);
  if (key !== key.toLowerCase()) {
    throw new DecodeError('lower-case hexadecimal', input);
  }
  return key;
};

const fields = object({
  type: oneOf('HiveBinding'),
  version: integer(1, 1),
  did: didDecoder,
  kind: oneOf('node', 'nostr'),
  key: text(66),
  created: isoTime,
  signature: optional(text(128)),
  event: optional(nostrEventDecoder),
});

/** Whether the bound key signed the claim itself. */
export function keyProofHolds(
  claim: BindingClaim,
  proof: KeyProof,
  curve: Curve = nobleCurve,
): boolean {
  const said = bindingText(claim);
  if ('event' in proof) {
    const { event } = proof;
    return (
      claim.kind === 'nostr' &&
      event.pubkey === claim.key &&
      event.content === said &&
      nostrEventHolds(event, curve)
    );
  }
  const { signature } = proof;
  if (claim.kind === 'node') {
    return verifyEitherForm(said, signature, nodeIdDecoder(claim.key), curve);
  }
  return (
    /^[0-9a-f]{128}$/.test(signature) &&
    curve.schnorrVerify(hexToBytes(signature), sha256(utf8ToBytes(said)), hexToBytes(claim.key))
  );
}

/** Makes a binding: the DID's proof covers the claim and the key's own signature. */
export function makeBinding(claim: BindingClaim, proof: KeyProof, key: SigningKey): JsonObject {
  const event = 'event' in proof ? { ...proof.event, tags: [...proof.event.tags] } : undefined;
  const half: JsonObject =
    event === undefined ? { ...(proof as { signature: string }) } : { event };
  const unsigned: JsonObject = { type: 'HiveBinding', version: 1, ...claim, ...half };
  return withProof(unsigned, key, 'authentication', claim.created);
}

/** Checks a binding against the verified chain of its DID: both halves, offline. */
export function verifyBinding(
  input: unknown,
  chain: Chain,
  curve: Curve = nobleCurve,
): Result<BindingClaim, BindingFault> {
  try {
    const json = jsonObject(input);
    const { did, kind, key, created, signature, event } = fields(json);
    const bound = kind === 'node' ? nodeIdDecoder(key) : xOnly(key);
    const claim: BindingClaim = { did, kind, key: bound, created };
    const proof = readProof(json['proof']);
    const { key: named } = versionAt(chain, Date.parse(created));
    const byDid =
      chain.did === did &&
      proof.signer === did &&
      proof.created === created &&
      named?.id === proof.keyId &&
      proofHolds(proof, provenDigest(json), named.key, curve);
    if (!byDid) {
      return fault('binding_did', 'the DID did not sign it');
    }
    if ((signature === undefined) === (event === undefined)) {
      return fault('binding_proof', 'it has not exactly one signature of the bound key');
    }
    const half = event === undefined ? { signature: signature ?? '' } : { event };
    return keyProofHolds(claim, half, curve)
      ? ok(claim)
      : fault('binding_key', 'the bound key did not sign it');
  } catch (error) {
    if (error instanceof DecodeError) {
      return fault('binding_form', error.message);
    }
    throw error;
  }
}

function fault(code: BindingFaultCode, message: string): Result<never, BindingFault> {
  return err({ code, message });
}
