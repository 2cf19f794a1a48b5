import {
  type Did,
  type ManagementGrant,
  readCredential,
  readManagementGrant,
  readReputation,
} from '@cl-hive/archon';
import type { RpcClient } from '@cl-hive/cln-rpc';
import {
  type Clock,
  CodedError,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type NodeId,
} from '@cl-hive/core';
import type { Store } from '@cl-hive/store';
import type { ContactDesk } from '../bindings/contact-desk.ts';
import { enrolAdvisor } from '../credentials/comms-advisors.ts';
import type { CredentialDesk } from '../credentials/credential-desk.ts';
import {
  findCredential,
  listCredentials,
  pruneCredentials,
} from '../credentials/credential-store.ts';
import { MANAGEMENT_MS_MAX } from '../limits.ts';
import type { ArchonDatabase, CredentialRow } from '../store/database.ts';
import { credentialView, verdictView } from './credential-view.ts';

const DAY_MS = 86_400_000;

/** What {@link CredentialCommands} work with. */
export interface CredentialCommandParts {
  readonly rpc: RpcClient;
  readonly store: Store<ArchonDatabase>;
  readonly clock: Pick<Clock, 'now'>;
  readonly node: NodeId;
  readonly credentials: CredentialDesk;
  readonly contacts: Pick<ContactDesk, 'present'>;
}

/** What an operator wants said. */
export interface IssueRequest {
  readonly subject: Did;
  readonly kind: 'management' | 'reputation';
  readonly days: number;
  readonly advisor?: string | undefined;
  readonly node?: NodeId | undefined;
  readonly mode: ManagementGrant['mode'];
  readonly tier: ManagementGrant['tier'];
  readonly actions?: readonly string[] | undefined;
  readonly danger_max: number;
  readonly terms?: JsonValue | undefined;
  readonly claims?: JsonValue | undefined;
}

/** What the commands about credentials do and answer. */
export class CredentialCommands {
  readonly #parts: CredentialCommandParts;

  constructor(parts: CredentialCommandParts) {
    this.#parts = parts;
  }

  /** Issues. A subject that may manage this node becomes an advisor of cl-hive-comms first. */
  async issue(request: IssueRequest): Promise<JsonObject> {
    const { subject, kind, days } = request;
    const { credentials, clock } = this.#parts;
    const validUntilMs = clock.now() + Math.min(days * DAY_MS, MANAGEMENT_MS_MAX);
    if (kind === 'reputation') {
      const claim = readReputation(isJsonObject(request.claims) ? request.claims : {});
      const issued = await credentials.issue({ subject, validUntilMs, claims: { kind, claim } });
      return { id: issued.id, status: issued.status ?? '', credential: issued.json };
    }
    const grant = this.#grantOf(request);
    const advisor = await this.#enrol(request, grant, validUntilMs);
    const issued = await credentials.issue({ subject, validUntilMs, claims: { kind, grant } });
    const { id, status = '', json: credential } = issued;
    return { id, status, credential, ...(advisor === undefined ? {} : { advisor }) };
  }

  /** Takes a credential. Throws `credential_refused`, DecodeError. */
  async accept(input: JsonValue, status: Did | undefined): Promise<JsonObject> {
    const credential = readCredential(input);
    const role = await this.#parts.credentials.accept(credential, status);
    return { id: credential.id, role };
  }

  async verify(input: JsonValue, status: Did | undefined): Promise<JsonObject> {
    const credential = readCredential(input);
    const verdict = await this.#parts.credentials.judge(credential, status);
    return { id: credential.id, ...verdictView(verdict) };
  }

  /** Judges one that is kept. Throws `credential_unknown`. */
  async verifyStored(id: string): Promise<JsonObject> {
    const stored = await findCredential(this.#parts.store.reader, id);
    if (stored === undefined) {
      throw unknownCredential();
    }
    return { id, ...verdictView(await this.#parts.credentials.judgeStored(stored)) };
  }

  /** Shows one that is kept to a peer. Throws `credential_unknown`, `contact_unsent`. */
  async present(id: string, target: JsonObject): Promise<JsonObject> {
    const stored = await findCredential(this.#parts.store.reader, id);
    if (stored === undefined) {
      throw unknownCredential();
    }
    await this.#parts.contacts.present(stored.credential.json, target);
    return { id, presented: true };
  }

  async revoke(id: string, reason: string): Promise<JsonObject> {
    return credentialView(await this.#parts.credentials.revoke(id, reason));
  }

  async list(filter: {
    readonly role?: CredentialRow['role'] | undefined;
    readonly subject?: Did | undefined;
    readonly issuer?: Did | undefined;
    readonly limit: number;
  }): Promise<JsonObject> {
    const { role, subject, issuer, limit } = filter;
    const found = await listCredentials(this.#parts.store.reader, {
      limit,
      ...(role === undefined ? {} : { role }),
      ...(subject === undefined ? {} : { subject }),
      ...(issuer === undefined ? {} : { issuer }),
    });
    return { credentials: found.map(credentialView) };
  }

  async prune(days: number): Promise<JsonObject> {
    const { store, clock } = this.#parts;
    const before = clock.now() - days * DAY_MS;
    return { credentials: await store.transact((tx) => pruneCredentials(tx, before)) };
  }

  #grantOf(request: IssueRequest): ManagementGrant {
    const { node = this.#parts.node, mode, tier, actions = 'all', danger_max, terms } = request;
    return readManagementGrant({ node, mode, tier, actions, danger_max, terms: terms ?? {} });
  }

  async #enrol(
    { subject, advisor }: IssueRequest,
    grant: ManagementGrant,
    untilMs: number,
  ): Promise<JsonObject | undefined> {
    if (grant.node !== this.#parts.node) {
      return undefined;
    }
    if (advisor === undefined) {
      throw new CodedError('advisor_name', 'the advisor has no name yet', {
        remedy: 'give advisor: how cl-hive-comms will list it',
      });
    }
    return enrolAdvisor(this.#parts.rpc, advisor, subject, grant, untilMs);
  }
}

function unknownCredential(): CodedError<'credential_unknown'> {
  return new CodedError('credential_unknown', 'there is no such credential', {
    remedy: 'give the credential itself, or an id of hive-archon-credentials',
  });
}
