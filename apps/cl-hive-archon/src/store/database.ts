import type { PollTables } from '@cl-hive/archon';
import type { MetaTable } from '@cl-hive/runtime/services';
import type { DepositTables } from '../vault/deposit-tables.ts';
import type { VaultTables } from '../vault/vault-tables.ts';

/** The rows of cl-hive-archon's tables (`migrations.ts`). */
export interface ArchonDatabase extends PollTables, VaultTables, DepositTables {
  readonly archon_meta: MetaTable;
  readonly archon_operations: OperationRow;
  readonly archon_identities: IdentityRow;
  readonly archon_deliveries: DeliveryRow;
  readonly did_credentials: CredentialRow;
  readonly archon_issuers: IssuerRow;
  readonly archon_bindings: BindingRow;
  readonly archon_contacts: ContactRow;
}

/** One verified operation of a DID, the node's own or another's. */
export interface OperationRow {
  readonly did: string;
  /** From 1. */
  readonly sequence: number;
  /** Content id of the operation. */
  readonly opid: string;
  readonly registry: string;
  /** ISO time. */
  readonly time: string;
  /** JSON. */
  readonly operation: string;
  /** Whether this node made it. */
  readonly own: number;
}

/** An identity that the node has or had; at most one is active. */
export interface IdentityRow {
  /** From 1; names the node's secrets behind it. */
  readonly number: number;
  readonly did: string;
  /** N of the key `#key-N` in use. */
  readonly key_number: number;
  /** The sealed secret of an imported key; null where the key comes from the node's own secret. */
  readonly sealed: Uint8Array | null;
  readonly active: number;
  /** Unix ms. */
  readonly created_ms: number;
}

/** How far a Gatekeeper has the operations of one of the node's own DIDs. */
export interface DeliveryRow {
  readonly gatekeeper: string;
  readonly did: string;
  /** The newest operation that it confirmed; 0 for none. */
  readonly sequence: number;
  /** Failures in a row. */
  readonly attempts: number;
  readonly reason: string;
}

/** A credential that the node issued, holds about itself, or was shown. */
export interface CredentialRow {
  /** SHA-256 of its canonical form. */
  readonly id: string;
  readonly role: 'issued' | 'held' | 'shown';
  readonly type: string;
  readonly issuer: string;
  readonly subject: string;
  readonly status_did: string;
  /** JSON. */
  readonly credential: string;
  /** Unix ms. */
  readonly valid_until_ms: number | null;
  readonly revoked_ms: number | null;
  readonly reason: string;
  readonly created_ms: number;
}

/** Whom the operator believes, and how much. */
export interface IssuerRow {
  readonly did: string;
  /** 1 where its management credentials for this node count. */
  readonly management: number;
  /** Weight of its words about reputation, 0 to 100. */
  readonly weight: number;
}

/** A binding of one of the node's DIDs. */
export interface BindingRow {
  readonly did: string;
  readonly kind: 'node' | 'nostr';
  readonly key: string;
  /** JSON. */
  readonly binding: string;
  readonly created_ms: number;
}

/** A peer that answered a challenge. */
export interface ContactRow {
  readonly did: string;
  readonly node: string;
  readonly nostr: string | null;
  readonly verified_ms: number;
}
