import type { MetaTable } from '@cl-hive/runtime/services';

/** A member of the hive; `joined_at` in seconds, a label. */
export interface MemberRow {
  readonly peer_id: string;
  readonly tier: string;
  readonly joined_at: number;
  readonly sponsor: string | null;
}

/** JSON of what is known of a node beyond its standing. */
export interface ProfileRow {
  readonly peer_id: string;
  readonly profile: string;
}

/** A ban; `banned_at` in seconds, a label. */
export interface BanRow {
  readonly peer_id: string;
  readonly proposal_id: string;
  readonly reason: string;
  readonly banned_at: number;
}

/** An invitation; `expires_at` in guard ms. */
export interface TicketRow {
  readonly ticket_id: string;
  readonly secret_hash: string;
  readonly expires_at: number;
  readonly used_by: string | null;
}

/** A wish to be promoted; JSON of electorate and vouchers. */
export interface PromotionRow {
  readonly target: string;
  readonly request_id: string;
  readonly document: string;
}

/** A vote on a ban; JSON of who votes and how; `proposed_at` in seconds, a label. */
export interface BanProposalRow {
  readonly proposal_id: string;
  readonly document: string;
  readonly reason: string;
  readonly proposed_at: number;
}

/** A signed message, kept to be shown to others. */
export interface EvidenceRow {
  readonly kind: string;
  readonly subject: string;
  readonly signer: string;
  readonly message: string;
  readonly payload: string;
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
  readonly hive_profiles: ProfileRow;
  readonly hive_bans: BanRow;
  readonly hive_tickets: TicketRow;
  readonly hive_promotions: PromotionRow;
  readonly hive_ban_proposals: BanProposalRow;
  readonly hive_evidence: EvidenceRow;
  readonly hive_states: StateRow;
  readonly hive_quarantined: QuarantineRow;
  readonly hive_outbox: OutboxRow;
  readonly hive_seen: SeenRow;
}
