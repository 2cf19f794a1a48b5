import type { MetaTable } from '@cl-hive/runtime/services';
import type { Generated } from '@cl-hive/store';
import type { PlannerTables } from '../planner/store/planner-tables.ts';

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

/** What this node saw of a member, as JSON. */
export interface RecordRow {
  readonly peer_id: string;
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

/** A row of the intent lock: JSON by table and key. */
export interface LockTableRow {
  readonly tbl: string;
  readonly key: string;
  readonly value: string;
}

/** An order for this node's channels: JSON, and what is searched for. */
export interface OrderTableRow {
  readonly seq: Generated<number>;
  readonly id: string;
  readonly wish: string;
  readonly state: string;
  readonly live: string | null;
  readonly done_at: number | null;
  readonly body: string;
}

/** What waits or waited for a person; times in seconds, labels. */
export interface PendingActionRow {
  readonly id: Generated<number>;
  readonly action_type: string;
  readonly payload: string;
  readonly proposed_at: number;
  readonly expires_at: number;
  readonly status: string;
  readonly order_id: string;
}

/** A row of an original's database, kept to be read: JSON by kind and key. */
export interface ImportedRow {
  readonly kind: string;
  readonly key: string;
  readonly document: string;
}

/** The rows of cl-hive's tables (`migrations.ts`). */
export interface HiveDatabase extends PlannerTables {
  readonly hive_meta: MetaTable;
  readonly hive_members: MemberRow;
  readonly hive_membership: MembershipRow;
  readonly hive_records: RecordRow;
  readonly hive_states: StateRow;
  readonly hive_quarantined: QuarantineRow;
  readonly hive_outbox: OutboxRow;
  readonly hive_seen: SeenRow;
  readonly hive_lock: LockTableRow;
  readonly hive_orders: OrderTableRow;
  readonly hive_pending_actions: PendingActionRow;
  readonly hive_imported: ImportedRow;
}
