import type { JsonObject } from '@cl-hive/core';
import { type Curve, nobleCurve } from '@cl-hive/protocol';
import { type Chain, newest, versionAt } from '../did/chain.ts';
import { proofHolds } from '../did/proof.ts';
import { CLOCK_SKEW_MS, REVOCATION_CACHE_MS } from '../limits.ts';
import type { Credential } from './credential.ts';
import { schemaFault } from './schema.ts';

/** Why a credential does not count. */
export type CredentialFaultCode =
  | 'issuer_unknown'
  | 'issuer_deactivated'
  | 'issuer_untrusted'
  | 'credential_key'
  | 'credential_signature'
  | 'credential_schema'
  | 'schema_unknown'
  | 'not_yet_valid'
  | 'expired'
  | 'no_status'
  | 'status_foreign'
  | 'revocation_unknown'
  | 'revoked';

/** What is known about whether a credential was revoked. */
export type StatusFact =
  | { readonly kind: 'unknown'; readonly reason: string }
  | {
      readonly kind: 'known';
      readonly chain: Chain;
      /** Since somebody who would know of a revocation was asked, ms; 0 for this node's own. */
      readonly ageMs: number;
    };

/** What a credential is judged by. */
export interface CredentialFacts {
  /** The verified chain of its issuer. */
  readonly issuer: Chain | undefined;
  readonly trusted: boolean;
  /** Of the DID that its `credentialStatus` names, or of the DID that the credential itself is. */
  readonly status: StatusFact;
  /** Checks its claims; undefined when its schema is not known. A text says what is wrong. */
  readonly schema: ((claims: JsonObject) => string | undefined) | undefined;
  /** How much longer than an hour an answer about revocation counts, ms; 0 unless the operator chose. */
  readonly graceMs: number;
  /** Unix ms. */
  readonly now: number;
}

/** Whether a credential counts, and if not, why and what would change it. */
export type CredentialVerdict =
  | { readonly ok: true; readonly stale: boolean }
  | {
      readonly ok: false;
      readonly code: CredentialFaultCode;
      readonly message: string;
      readonly remedy: string;
    };

function refuse(code: CredentialFaultCode, message: string, remedy: string): CredentialVerdict {
  return { ok: false, code, message, remedy };
}

function issuerFault(
  credential: Credential,
  { issuer, trusted }: CredentialFacts,
  curve: Curve,
): CredentialVerdict | undefined {
  if (issuer === undefined || issuer.did !== credential.issuer || issuer.type !== 'agent') {
    const remedy = 'ask again when the issuer or a Gatekeeper can be reached';
    return refuse('issuer_unknown', `the issuer ${credential.issuer} is not known`, remedy);
  }
  if (newest(issuer).deactivated) {
    return refuse('issuer_deactivated', 'the issuer was deactivated', 'ask for a new credential');
  }
  const { key } = versionAt(issuer, Date.parse(credential.proof.created), true);
  if (key === undefined || key.id !== credential.proof.keyId) {
    const message = `the issuer had no key ${credential.proof.keyId} when it signed`;
    return refuse('credential_key', message, 'ask for a new credential');
  }
  if (!proofHolds(credential.proof, credential.digest, key.key, curve)) {
    const message = 'the signature is not the issuer’s';
    return refuse('credential_signature', message, 'ask for the credential once more');
  }
  return trusted
    ? undefined
    : refuse(
        'issuer_untrusted',
        'the operator does not trust the issuer',
        'trust it, or ask another',
      );
}

function timeFault({ validFromMs, validUntilMs }: Credential, now: number) {
  if (validFromMs > now + CLOCK_SKEW_MS) {
    const message = `it counts from ${new Date(validFromMs).toISOString()}`;
    return refuse('not_yet_valid', message, 'wait, or set the clock');
  }
  if (validUntilMs !== undefined && validUntilMs <= now) {
    const message = `it ended at ${new Date(validUntilMs).toISOString()}`;
    return refuse('expired', message, 'ask for a new credential');
  }
  return undefined;
}

/** Whether it was revoked; what cannot be known counts as revoked, but for the operator's grace. */
function statusVerdict(credential: Credential, facts: CredentialFacts): CredentialVerdict {
  const { status, graceMs } = facts;
  const remedy = 'make the issuer or a Gatekeeper reachable';
  if (status.kind === 'unknown') {
    return refuse('revocation_unknown', `whether it was revoked: ${status.reason}`, remedy);
  }
  const { chain, ageMs } = status;
  const [first] = chain.versions;
  if (first.controller !== credential.issuer) {
    const message = 'its status is not the issuer’s own';
    return refuse('status_foreign', message, 'ask for a new credential');
  }
  if (newest(chain).deactivated) {
    const at = newest(chain).time;
    return refuse('revoked', `it was revoked at ${at}`, 'ask the issuer for a new one');
  }
  if (ageMs > REVOCATION_CACHE_MS + graceMs) {
    const minutes = Math.floor(ageMs / 60_000);
    const message = `the last answer about its revocation is ${minutes} minutes old`;
    return refuse('revocation_unknown', message, remedy);
  }
  return { ok: true, stale: ageMs > REVOCATION_CACHE_MS };
}

/** Judges a credential: signature, issuer, schema, validity and revocation, in this order. */
export function verifyCredential(
  credential: Credential,
  facts: CredentialFacts,
  curve: Curve = nobleCurve,
): CredentialVerdict {
  const early = issuerFault(credential, facts, curve) ?? timeFault(credential, facts.now);
  if (early !== undefined) {
    return early;
  }
  if (credential.schema !== undefined) {
    if (facts.schema === undefined) {
      const message = `the schema ${credential.schema} is not known`;
      return refuse('schema_unknown', message, 'make it known, or issue without a schema');
    }
    const fault = facts.schema(credential.claims);
    if (fault !== undefined) {
      return refuse('credential_schema', fault, 'ask for a credential that follows its schema');
    }
  }
  return statusVerdict(credential, facts);
}

/** Checks claims against the schema that a schema asset holds (`{ schema }`). */
export function schemaOf(chain: Chain): (claims: JsonObject) => string | undefined {
  const data = newest(chain).data;
  return (claims) => schemaFault(data, claims);
}
