import {
  array,
  bytesToHex,
  DecodeError,
  type Decoder,
  isJsonObject,
  type JsonObject,
  object,
  oneOf,
  optional,
  text,
} from '@cl-hive/core';
import { utf8ToBytes } from '@cl-hive/protocol';
import { sha256 } from '@noble/hashes/sha2.js';
import { canonicalDocument } from '../did/canonical.ts';
import { isoTime } from '../did/jwk.ts';
import { didDecoder } from '../did/operation.ts';
import { type Did, jsonObject, type Proof, provenDigest, readProof } from '../did/proof.ts';
import { CREDENTIAL_CHARS_MAX, CREDENTIAL_LIST_MAX } from '../limits.ts';

/** First context of every credential (W3C VC 2.0). */
export const CREDENTIAL_CONTEXT = 'https://www.w3.org/ns/credentials/v2';

/** First type of every credential. */
export const CREDENTIAL_TYPE = 'VerifiableCredential';

/** How a credential names the DID that is deactivated when it is revoked. */
export const STATUS_TYPE = 'ArchonDidStatus';

/** A credential whose form is right; nothing in it is believed yet. */
export interface Credential {
  /** SHA-256 of its canonical form with the proof, hexadecimal. */
  readonly id: string;
  readonly json: JsonObject;
  readonly digest: Uint8Array;
  readonly proof: Proof;
  readonly types: readonly string[];
  readonly issuer: Did;
  readonly subject: Did;
  /** What is said about the subject. */
  readonly claims: JsonObject;
  /** Unix ms. */
  readonly validFromMs: number;
  /** Unix ms; undefined for no end. */
  readonly validUntilMs: number | undefined;
  /** Id of the schema that the claims follow. */
  readonly schema: string | undefined;
  /** DID whose deactivation revokes it. */
  readonly status: Did | undefined;
}

const texts: Decoder<readonly string[]> = (input) => {
  const list = array(text(256), CREDENTIAL_LIST_MAX)(input);
  if (list.length === 0) {
    throw new DecodeError('a list that is not empty', input);
  }
  return list;
};

const fields = object({
  '@context': texts,
  type: texts,
  issuer: didDecoder,
  validFrom: isoTime,
  validUntil: optional(isoTime),
  credentialSubject: jsonObject,
  credentialSchema: optional(object({ id: text(256), type: oneOf('JsonSchema') })),
  credentialStatus: optional(object({ id: didDecoder, type: oneOf(STATUS_TYPE) })),
});

/** SHA-256 of a document's canonical form, hexadecimal. */
export function documentHash(document: JsonObject): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalDocument(document))));
}

/** Reads a signed credential. Throws DecodeError, or CodedError `canonical_value`, `canonical_depth`. */
export function readCredential(input: unknown): Credential {
  const json = jsonObject(input);
  const read = fields(json);
  const { credentialSubject: subject } = read;
  if (read['@context'][0] !== CREDENTIAL_CONTEXT || read.type[0] !== CREDENTIAL_TYPE) {
    throw new DecodeError(`a credential of ${CREDENTIAL_CONTEXT}`, read.type[0]);
  }
  const proof = readProof(json['proof']);
  if (proof.purpose !== 'assertionMethod' || proof.signer !== read.issuer) {
    throw new DecodeError('a proof by the issuer for assertion', proof.signer);
  }
  const id = documentHash(json);
  if (JSON.stringify(json).length > CREDENTIAL_CHARS_MAX) {
    throw new DecodeError(`a credential of at most ${CREDENTIAL_CHARS_MAX} characters`, json);
  }
  const { id: about, ...claims } = subject;
  const { validUntil } = read;
  return {
    id,
    json,
    digest: provenDigest(json),
    proof,
    types: read.type,
    issuer: read.issuer,
    subject: didDecoder(about),
    claims: isJsonObject(claims) ? claims : {},
    validFromMs: Date.parse(read.validFrom),
    validUntilMs: validUntil === undefined ? undefined : Date.parse(validUntil),
    schema: read.credentialSchema?.id,
    status: read.credentialStatus?.id,
  };
}
