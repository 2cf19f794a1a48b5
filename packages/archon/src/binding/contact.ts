import {
  DecodeError,
  err,
  hex,
  integer,
  type JsonObject,
  type NodeId,
  nodeIdDecoder,
  object,
  ok,
  oneOf,
  type Result,
  text,
} from '@cl-hive/core';
import { type Curve, nobleCurve, verifyEitherForm } from '@cl-hive/protocol';
import { newest } from '../did/chain.ts';
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
import { CLOCK_SKEW_MS } from '../limits.ts';
import { type Attestation, verifyAttestation } from './attestation.ts';

/** A question to a peer: are you who you say, now? */
export interface ContactChallenge {
  /** 32 bytes of chance, hexadecimal. */
  readonly challenge: string;
  /** DID of the one who asks: an answer to another is of no use. */
  readonly asker: Did;
}

const challengeFields = object({ challenge: hex(32), asker: didDecoder });

/** Reads a challenge. Throws DecodeError. */
export function readChallenge(input: unknown): ContactChallenge {
  return challengeFields(input);
}

/** What the answering node signs with lightningd's `signmessage`. */
export function contactText(
  { challenge, asker }: ContactChallenge,
  did: Did,
  node: NodeId,
  created: string,
): string {
  return `cl-hive/contact/v1:${challenge}:${asker}:${did}:${node}:${created}`;
}

/** Answers a challenge; `signature`: of {@link contactText} by the node. */
export function contactAnswer(
  { challenge, asker }: ContactChallenge,
  self: { readonly did: Did; readonly node: NodeId; readonly attestation: JsonObject },
  signature: string,
  key: SigningKey,
  created: string,
): JsonObject {
  const { did, node, attestation } = self;
  const head = { type: 'HiveContact', version: 1, challenge, asker, did, node, created };
  return withProof({ ...head, signature, attestation }, key, 'authentication', created);
}

/** Somebody who answered a challenge. */
export interface Contact {
  readonly did: Did;
  readonly node: NodeId;
  /** A Nostr key in hexadecimal that is bound to the DID; undefined for none. */
  readonly nostr: string | undefined;
  readonly attestation: Attestation;
}

/** Why an answer does not prove the contact. */
export type ContactFaultCode =
  | 'contact_form'
  | 'contact_challenge'
  | 'contact_time'
  | 'contact_attestation'
  | 'contact_did'
  | 'contact_node';

const fields = object({
  type: oneOf('HiveContact'),
  version: integer(1, 1),
  challenge: hex(32),
  asker: didDecoder,
  did: didDecoder,
  node: nodeIdDecoder,
  created: isoTime,
  signature: text(128),
  attestation: jsonObject,
});

function fault(code: ContactFaultCode, message: string) {
  return err({ code, message });
}

/** Checks an answer to `asked`: both keys, bound to each other, and now (Unix ms, within five minutes). */
export function verifyContact(
  input: unknown,
  asked: ContactChallenge,
  now: number,
  curve: Curve = nobleCurve,
): Result<Contact, { readonly code: ContactFaultCode; readonly message: string }> {
  try {
    const json = jsonObject(input);
    const { challenge, asker, did, node, created, signature, attestation } = fields(json);
    if (challenge !== asked.challenge || asker !== asked.asker) {
      return fault('contact_challenge', 'it answers another challenge');
    }
    if (Math.abs(Date.parse(created) - now) > CLOCK_SKEW_MS) {
      return fault('contact_time', 'its time is more than five minutes from the clock here');
    }
    const attested = verifyAttestation(attestation, curve);
    if (!attested.ok) {
      return fault('contact_attestation', attested.error.message);
    }
    const { chain, bindings } = attested.value;
    const { key } = newest(chain);
    const proof = readProof(json['proof']);
    if (
      chain.did !== did ||
      proof.signer !== did ||
      key?.id !== proof.keyId ||
      !proofHolds(proof, provenDigest(json), key.key, curve)
    ) {
      return fault('contact_did', 'the DID did not sign it');
    }
    const bound = bindings.some((claim) => claim.kind === 'node' && claim.key === node);
    const said = contactText(asked, did, node, created);
    if (!bound || !verifyEitherForm(said, signature, node, curve)) {
      return fault('contact_node', 'the node is not bound to the DID, or did not sign it');
    }
    const nostr = bindings.filter(({ kind }) => kind === 'nostr').at(-1)?.key;
    return ok({ did, node, nostr, attestation: attested.value });
  } catch (error) {
    if (error instanceof DecodeError) {
      return fault('contact_form', error.message);
    }
    throw error;
  }
}
