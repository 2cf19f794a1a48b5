import { type Credential, type Did, readCredential } from '@cl-hive/archon';
import { CodedError, parseJson, stringifyJson } from '@cl-hive/core';
import type { Reader, Transactor } from '@cl-hive/store';
import { CREDENTIALS_MAX, CREDENTIALS_PER_SUBJECT_MAX, CREDENTIALS_SHOWN_MAX } from '../limits.ts';
import type { ArchonDatabase, CredentialRow } from '../store/database.ts';

/** Why a credential is not stored. */
export type CredentialStoreErrorCode = 'credentials_full' | 'credential_unknown';

/** Which credentials are wanted. */
export interface CredentialFilter {
  readonly role?: CredentialRow['role'];
  readonly type?: string;
  readonly subject?: string;
  readonly issuer?: string;
  /** At most so many, from the newest. */
  readonly limit: number;
}

/** A stored credential. */
export interface StoredCredential {
  readonly row: CredentialRow;
  readonly credential: Credential;
}

function stored(row: CredentialRow): StoredCredential {
  return { row, credential: readCredential(parseJson(row.credential)) };
}

/** Stores a credential; one that is there already stays as it is. Throws `credentials_full`. */
export async function saveCredential(
  tx: Transactor<ArchonDatabase>,
  credential: Credential,
  statusDid: Did,
  role: CredentialRow['role'],
  now: number,
): Promise<void> {
  if ((await findCredential(tx, credential.id)) !== undefined) {
    return;
  }
  await assertRoom(tx, role);
  await tx
    .insertInto('did_credentials')
    .values({
      id: credential.id,
      role,
      type: credential.types[1] ?? credential.types[0] ?? '',
      issuer: credential.issuer,
      subject: credential.subject,
      status_did: statusDid,
      credential: stringifyJson(credential.json),
      valid_until_ms: credential.validUntilMs ?? null,
      revoked_ms: null,
      reason: '',
      created_ms: now,
    })
    .execute();
}

async function assertRoom(
  tx: Transactor<ArchonDatabase>,
  role: CredentialRow['role'],
): Promise<void> {
  const count = (shown: boolean) => {
    const query = tx.selectFrom('did_credentials').select(tx.fn.countAll<number>().as('count'));
    return (shown ? query.where('role', '=', 'shown') : query).executeTakeFirstOrThrow();
  };
  const full =
    (await count(false)).count >= CREDENTIALS_MAX ||
    (role === 'shown' && (await count(true)).count >= CREDENTIALS_SHOWN_MAX);
  if (full) {
    throw new CodedError<CredentialStoreErrorCode>(
      'credentials_full',
      'the node keeps no more credentials',
      { remedy: 'prune those that ended: hive-archon-prune' },
    );
  }
}

/** A credential by its id. */
export async function findCredential(
  reader: Reader<ArchonDatabase>,
  id: string,
): Promise<StoredCredential | undefined> {
  const row = await reader
    .selectFrom('did_credentials')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  return row && stored(row);
}

/** Credentials, the newest first. */
export async function listCredentials(
  reader: Reader<ArchonDatabase>,
  { role, type, subject, issuer, limit }: CredentialFilter,
): Promise<readonly StoredCredential[]> {
  let query = reader.selectFrom('did_credentials').selectAll();
  query = role === undefined ? query : query.where('role', '=', role);
  query = type === undefined ? query : query.where('type', '=', type);
  query = subject === undefined ? query : query.where('subject', '=', subject);
  query = issuer === undefined ? query : query.where('issuer', '=', issuer);
  const rows = await query.orderBy('created_ms', 'desc').orderBy('id').limit(limit).execute();
  return rows.map(stored);
}

/** What a subject can be held to: credentials of a type that were neither revoked nor ended. */
export async function credentialsInForce(
  reader: Reader<ArchonDatabase>,
  subject: Did,
  type: string,
  now: number,
): Promise<readonly StoredCredential[]> {
  const rows = await reader
    .selectFrom('did_credentials')
    .selectAll()
    .where('subject', '=', subject)
    .where('type', '=', type)
    .where('role', 'in', ['issued', 'shown'])
    .where('revoked_ms', 'is', null)
    .where((eb) => eb.or([eb('valid_until_ms', 'is', null), eb('valid_until_ms', '>', now)]))
    .orderBy('created_ms', 'desc')
    .orderBy('id')
    .limit(CREDENTIALS_PER_SUBJECT_MAX)
    .execute();
  return rows.map(stored);
}

/** Removes credentials that ended or were revoked before `beforeMs`; answers how many. */
export async function pruneCredentials(
  tx: Transactor<ArchonDatabase>,
  beforeMs: number,
): Promise<number> {
  const result = await tx
    .deleteFrom('did_credentials')
    .where((eb) => eb.or([eb('valid_until_ms', '<', beforeMs), eb('revoked_ms', '<', beforeMs)]))
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}
