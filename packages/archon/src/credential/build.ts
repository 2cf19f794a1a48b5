import type { JsonObject } from '@cl-hive/core';
import { type Did, type SigningKey, withProof } from '../did/proof.ts';
import {
  CREDENTIAL_CONTEXT,
  CREDENTIAL_TYPE,
  type Credential,
  readCredential,
  STATUS_TYPE,
} from './credential.ts';

/** What is to be said, about whom, for how long. */
export interface Statement {
  readonly issuer: Did;
  readonly subject: Did;
  /** Its type beside {@link CREDENTIAL_TYPE}. */
  readonly type: string;
  readonly schema: string;
  readonly claims: JsonObject;
  /** DID that is deactivated to revoke it. */
  readonly status: Did;
  /** Unix ms. */
  readonly validFromMs: number;
  readonly validUntilMs: number | undefined;
}

/** Signs a credential as Archon does. `created`: ISO time of signing. */
export function issueCredential(
  statement: Statement,
  key: SigningKey,
  created: string,
): Credential {
  const { issuer, subject, type, schema, claims, status, validFromMs, validUntilMs } = statement;
  const unsigned: JsonObject = {
    '@context': [CREDENTIAL_CONTEXT],
    type: [CREDENTIAL_TYPE, type],
    issuer,
    validFrom: new Date(validFromMs).toISOString(),
    ...(validUntilMs === undefined ? {} : { validUntil: new Date(validUntilMs).toISOString() }),
    credentialSubject: { ...claims, id: subject },
    credentialSchema: { id: schema, type: 'JsonSchema' },
    credentialStatus: { id: status, type: STATUS_TYPE },
  };
  return readCredential(withProof(unsigned, key, 'assertionMethod', created));
}
