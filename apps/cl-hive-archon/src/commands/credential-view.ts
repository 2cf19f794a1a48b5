import type { CredentialVerdict } from '@cl-hive/archon';
import type { JsonObject } from '@cl-hive/core';
import type { StoredCredential } from '../credentials/credential-store.ts';

/** A stored credential as it is listed. */
export function credentialView({ row, credential }: StoredCredential): JsonObject {
  const { id, role, type, issuer, subject, status_did, valid_until_ms, revoked_ms, reason } = row;
  return {
    id,
    role,
    type,
    issuer,
    subject,
    status: status_did,
    claims: credential.claims,
    ...(valid_until_ms === null ? {} : { valid_until: Math.floor(valid_until_ms / 1000) }),
    ...(revoked_ms === null ? {} : { revoked_at: Math.floor(revoked_ms / 1000), reason }),
  };
}

/** A verdict as it is answered. */
export function verdictView(verdict: CredentialVerdict): JsonObject {
  if (verdict.ok) {
    return { valid: true, stale: verdict.stale };
  }
  const { code, message, remedy } = verdict;
  return { valid: false, code, message, remedy };
}
