import {
  type AskedAction,
  aggregateReputation,
  type Chain,
  type Credential,
  type CredentialVerdict,
  createAsset,
  type Did,
  deactivate,
  issueCredential,
  localEvent,
  MANAGEMENT_SCHEMA,
  MANAGEMENT_TYPE,
  type ManagementGrant,
  managementClaims,
  newest,
  type Operation,
  REPUTATION_SCHEMA,
  REPUTATION_TYPE,
  REVOCATION_CACHE_MS,
  type Reputation,
  type ReputationClaim,
  type ReputationDomain,
  readDidSignature,
  readManagementGrant,
  readReputation,
  reputationClaims,
  type StatusFact,
  schemaOf,
  scopeFault,
  textSignedBy,
  verifyCredential,
} from '@cl-hive/archon';
import {
  bytesToHex,
  type Clock,
  CodedError,
  describeError,
  type JsonObject,
  type NodeId,
  type Random,
} from '@cl-hive/core';
import type { Store, Transactor } from '@cl-hive/store';
import { type DidStore, storedDid } from '../dids/did-store.ts';
import type { Directory } from '../dids/directory.ts';
import type { IdentityKeeper } from '../identity/identity-keeper.ts';
import { NEW_KEY_EVERY_MS } from '../limits.ts';
import type { ArchonDatabase } from '../store/database.ts';
import {
  credentialsInForce,
  findCredential,
  listCredentials,
  type StoredCredential,
  saveCredential,
} from './credential-store.ts';
import { Issuers } from './issuers.ts';

/** Why something cannot be done with a credential. */
export type CredentialErrorCode =
  | 'credential_unknown'
  | 'credential_refused'
  | 'credential_not_ours'
  | 'credential_claims';

/** What a {@link CredentialDesk} works with. */
export interface DeskParts {
  readonly store: Store<ArchonDatabase>;
  readonly dids: DidStore;
  readonly directory: Directory;
  readonly self: IdentityKeeper;
  readonly node: NodeId;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Random;
  readonly graceMs: () => number;
  readonly made: (tx: Transactor<ArchonDatabase>, did: Did, operation: Operation) => Promise<void>;
}

/** What comms is told about a request in the name of a DID. */
export type Authorized =
  | { readonly ok: true; readonly credential: string; readonly issuer: Did; readonly mode: string }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly remedy: string;
    };

/** A statement about somebody, by this node. */
export interface NewCredential {
  readonly subject: Did;
  readonly validUntilMs: number | undefined;
  readonly claims:
    | { readonly kind: 'management'; readonly grant: ManagementGrant }
    | { readonly kind: 'reputation'; readonly claim: ReputationClaim };
}

/** Issues, takes, judges and revokes credentials. */
export class CredentialDesk {
  readonly issuers: Issuers;
  readonly #parts: DeskParts;

  constructor(parts: DeskParts) {
    this.#parts = parts;
    this.issuers = new Issuers(parts.store);
  }

  /** Issues a credential: its status and itself in one transaction. */
  async issue({ subject, validUntilMs, claims }: NewCredential): Promise<Credential> {
    const { store, dids, self, clock, random } = this.#parts;
    const created = self.nextTime();
    const { did } = self.current;
    const kind = claims.kind;
    // Two statements of the same moment must not share their revocation.
    const nonce = bytesToHex(random.bytes(16));
    const about = { type: 'HiveCredentialStatus', version: 1, kind, nonce };
    const operation = createAsset(did, about, self.signingKey, created);
    const status: Did = `did:cid:${operation.id}`;
    const management = claims.kind === 'management';
    const credential = issueCredential(
      {
        issuer: did,
        subject,
        type: management ? MANAGEMENT_TYPE : REPUTATION_TYPE,
        schema: management ? MANAGEMENT_SCHEMA : REPUTATION_SCHEMA,
        claims: management ? managementClaims(claims.grant) : reputationClaims(claims.claim),
        status,
        validFromMs: Date.parse(created),
        validUntilMs,
      },
      self.signingKey,
      created,
    );
    await store.transact(async (tx) => {
      await dids.add(tx, localEvent(operation), true);
      await this.#parts.made(tx, status, operation);
      await saveCredential(tx, credential, status, 'issued', clock.now());
    });
    return credential;
  }

  /** Revokes one that this node issued: its status ends for good. Revoking twice is revoking once. */
  async revoke(id: string, reason: string): Promise<StoredCredential> {
    const { store, dids, self, clock } = this.#parts;
    const known = await this.#find(id);
    if (known.row.role !== 'issued') {
      throw new CodedError<CredentialErrorCode>(
        'credential_not_ours',
        'this node did not issue it',
        { remedy: 'ask its issuer to revoke it, or do not trust that issuer' },
      );
    }
    if (known.row.revoked_ms !== null) {
      return known;
    }
    const status = storedDid(known.row.status_did);
    const chain = await dids.chain(status);
    await store.transact(async (tx) => {
      if (chain !== undefined && !newest(chain).deactivated) {
        const end = deactivate(chain, await this.#keyFor(chain.did), self.nextTime());
        await dids.add(tx, localEvent(end), true);
        await this.#parts.made(tx, status, end);
      }
      await tx
        .updateTable('did_credentials')
        .set({ revoked_ms: clock.now(), reason })
        .where('id', '=', known.credential.id)
        .execute();
    });
    return this.#find(id);
  }

  /**
   * Takes a credential that somebody gave: about this node, or about who may manage it. One about this node
   * needs nobody's trust here: others are to believe it. Throws `credential_refused`, `credentials_full`.
   */
  async accept(credential: Credential, statusDid: Did | undefined): Promise<'held' | 'shown'> {
    const { store, self, clock } = this.#parts;
    const role = credential.subject === self.current.did ? 'held' : 'shown';
    const verdict = await this.judge(credential, statusDid, role === 'held');
    if (!verdict.ok) {
      throw new CodedError<CredentialErrorCode>('credential_refused', verdict.message, {
        remedy: verdict.remedy,
        data: { reason: verdict.code },
      });
    }
    const status = statusDid ?? credential.status;
    await store.transact(async (tx) => {
      if (status !== undefined) {
        await saveCredential(tx, credential, status, role, clock.now());
      }
    });
    return role;
  }

  /** Judges a credential with what is known now; who may know more is asked. */
  async judge(
    credential: Credential,
    statusDid?: Did,
    trusted = false,
  ): Promise<CredentialVerdict> {
    const { directory, dids, clock, graceMs } = this.#parts;
    const issuer = await directory.resolve(credential.issuer, REVOCATION_CACHE_MS);
    const own = await dids.isOwn(credential.issuer);
    return verifyCredential(credential, {
      issuer: issuer?.chain,
      trusted:
        trusted || own || (await this.issuers.trusts(credential.issuer, credential.types[1])),
      status: await this.#status(credential.status ?? statusDid, credential.issuer),
      schema: await this.#schema(credential),
      graceMs: graceMs(),
      now: clock.now(),
    });
  }

  /** Judges a stored credential, also whether this node itself has revoked or issued it. */
  async judgeStored({ row, credential }: StoredCredential): Promise<CredentialVerdict> {
    if (row.revoked_ms !== null) {
      const remedy = 'ask for a new credential';
      return { ok: false, code: 'revoked', message: 'it was revoked here', remedy };
    }
    return this.judge(credential, storedDid(row.status_did));
  }

  /**
   * Whether a DID signed a request and holds a credential for it; what comms asks before it does anything
   * for a DID. Everything that cannot be known is a refusal.
   */
  async authorize(
    did: Did,
    text: string,
    signature: string,
    asked: AskedAction,
  ): Promise<Authorized> {
    const { directory, store, clock, node } = this.#parts;
    const read = readDidSignature(signature);
    const known = await directory.known(did);
    // Nobody is asked for the sake of a signature that is wrong, and only at times for an unknown key.
    const early = known && signatureFault(known.chain, text, read);
    if (early === 'wrong') {
      return WRONG_SIGNATURE;
    }
    const maxAgeMs =
      early === undefined && known !== undefined ? REVOCATION_CACHE_MS : NEW_KEY_EVERY_MS;
    const resolved = await directory.resolve(did, maxAgeMs);
    if (resolved === undefined || resolved.chain.type !== 'agent') {
      const remedy = 'let the node meet it: hive-archon-verify-contact, or a Gatekeeper';
      return { ok: false, code: 'did_unknown', message: `${did} is not known`, remedy };
    }
    if (signatureFault(resolved.chain, text, read) !== undefined) {
      return WRONG_SIGNATURE;
    }
    const held = await credentialsInForce(store.reader, did, MANAGEMENT_TYPE, clock.now());
    return this.#covering(held, { ...asked, node });
  }

  async #covering(held: readonly StoredCredential[], asked: AskedAction): Promise<Authorized> {
    let refusal: Authorized = {
      ok: false,
      code: 'no_credential',
      message: 'it holds no management credential for this node',
      remedy: 'issue one: hive-archon-issue',
    };
    for (const one of held) {
      const scope = scopeFault(one.credential, asked);
      if (scope !== undefined) {
        refusal = { ok: false, ...scope, remedy: 'ask for a credential that covers it' };
        continue;
      }
      const own = one.row.role === 'issued';
      const verdict = await this.judgeStored(one);
      // A credential in this node's own name counts only if this node remembers issuing it.
      const forged = !own && (await this.#parts.dids.isOwn(one.credential.issuer));
      if (verdict.ok && !forged) {
        const { mode } = readManagementGrant(one.credential.claims);
        const { id, issuer } = one.credential;
        return { ok: true, credential: id, issuer, mode };
      }
      if (!verdict.ok) {
        const { code, message, remedy } = verdict;
        refusal = { ok: false, code, message, remedy };
      }
    }
    return refusal;
  }

  /** What all issuers say about a subject, by the weights that the operator gave them. */
  async reputation(
    subject: Did,
    domain: ReputationDomain,
  ): Promise<Reputation & { readonly refused: number }> {
    const { store, self } = this.#parts;
    const filter = { type: REPUTATION_TYPE, subject, limit: 1000 };
    const votes = [];
    let refused = 0;
    for (const one of await listCredentials(store.reader, filter)) {
      const claim = readReputation(one.credential.claims);
      if (claim.domain !== domain) {
        continue;
      }
      if (!(await this.judgeStored(one)).ok) {
        refused += 1;
        continue;
      }
      const { issuer, validFromMs } = one.credential;
      votes.push({ issuer, issuedMs: validFromMs, scorePpm: claim.scorePpm });
    }
    const weights = await this.issuers.weights(self.current.did);
    return { ...aggregateReputation(votes, (issuer) => weights.get(issuer) ?? 0), refused };
  }

  async #find(id: string): Promise<StoredCredential> {
    const known = await findCredential(this.#parts.store.reader, id);
    if (known === undefined) {
      throw new CodedError<CredentialErrorCode>(
        'credential_unknown',
        'there is no such credential',
        {
          remedy: 'list them: hive-archon-credentials',
        },
      );
    }
    return known;
  }

  /** The key that signs for an own asset now: that of its controller, which may be an identity of before. */
  async #keyFor(asset: Did) {
    return this.#parts.self.signingKeyOf(await this.#controllerOf(asset));
  }

  async #controllerOf(asset: Did): Promise<Did> {
    const chain = await this.#parts.dids.chain(asset);
    return (chain && newest(chain).controller) ?? this.#parts.self.current.did;
  }

  async #status(did: Did | undefined, issuer: Did): Promise<StatusFact> {
    if (did === undefined) {
      return { kind: 'unknown', reason: 'it names nothing that would be revoked' };
    }
    const resolved = await this.#parts.directory.resolve(did, REVOCATION_CACHE_MS, issuer);
    return resolved?.ageMs === undefined
      ? { kind: 'unknown', reason: 'nobody who would know can be reached' }
      : { kind: 'known', chain: resolved.chain, ageMs: resolved.ageMs };
  }

  async #schema(credential: Credential) {
    const { schema } = credential;
    if (schema === MANAGEMENT_SCHEMA) {
      return (claims: JsonObject) => decodeFault(() => readManagementGrant(claims));
    }
    if (schema === REPUTATION_SCHEMA) {
      return (claims: JsonObject) => decodeFault(() => readReputation(claims));
    }
    const known =
      schema?.startsWith('did:cid:') === true
        ? await this.#parts.directory.resolve(schema as Did, Number.POSITIVE_INFINITY)
        : undefined;
    return known && schemaOf(known.chain);
  }
}

const WRONG_SIGNATURE: Authorized = {
  ok: false,
  code: 'did_signature',
  message: 'the signature is not one of the DID’s present key',
  remedy: 'sign with the present key',
};

/** What is wrong with a DID's signature: made under a key that is not known here, or wrong. */
function signatureFault(
  chain: Chain,
  text: string,
  read: ReturnType<typeof readDidSignature>,
): 'key' | 'wrong' | undefined {
  const { key, deactivated } = newest(chain);
  if (read === undefined || deactivated) {
    return 'wrong';
  }
  if (key?.id !== read.keyId) {
    return 'key';
  }
  return textSignedBy(text, read.signature, key.key) ? undefined : 'wrong';
}

function decodeFault(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}
