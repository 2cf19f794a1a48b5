import type { MetaTable } from '@cl-hive/runtime/services';

/** The rows of cl-hive-archon's tables (`migrations.ts`). */
export interface ArchonDatabase {
  readonly archon_meta: MetaTable;
  readonly archon_operations: OperationRow;
  readonly archon_identities: IdentityRow;
  readonly archon_outbox: OutboxRow;
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

/** An operation that a Gatekeeper has not taken yet. */
export interface OutboxRow {
  readonly id: number;
  readonly gatekeeper: string;
  readonly did: string;
  readonly opid: string;
  readonly attempts: number;
  /** Unix ms before which it is not tried again; a label for people, the runner counts for itself. */
  readonly retry_ms: number;
  readonly reason: string;
}
