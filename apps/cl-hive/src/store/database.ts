import type { MetaTable } from '@cl-hive/runtime/services';

/** A member of the hive; `joined_at` in seconds, a label. */
export interface MemberRow {
  readonly peer_id: string;
  readonly tier: string;
  readonly joined_at: number;
  readonly sponsor: string | null;
}

/** What membership remembers beside members; what the document holds depends on the kind. */
export interface MembershipRow {
  readonly kind: string;
  readonly key: string;
  readonly document: string;
}

/** A member's signed gossip as it was sent. */
export interface StateRow {
  readonly peer_id: string;
  readonly version: number;
  readonly payload: string;
}

/** Two gossips of one version: both, as they were sent. */
export interface QuarantineRow {
  readonly peer_id: string;
  readonly first: string;
  readonly second: string;
}

/** A reliable message on its way; times in guard ms. */
export interface OutboxRow {
  readonly peer_id: string;
  readonly event_id: string;
  readonly name: string;
  readonly payload: string;
  readonly queued_at: number;
  readonly due_at: number;
  readonly attempts: number;
}

/** An event that was handled; guard ms. */
export interface SeenRow {
  readonly origin: string;
  readonly event_id: string;
  readonly seen_at: number;
}

/** The rows of cl-hive's tables (`migrations.ts`). */
export interface HiveDatabase {
  readonly hive_meta: MetaTable;
  readonly hive_members: MemberRow;
  readonly hive_membership: MembershipRow;
  readonly hive_states: StateRow;
  readonly hive_quarantined: QuarantineRow;
  readonly hive_outbox: OutboxRow;
  readonly hive_seen: SeenRow;
}
