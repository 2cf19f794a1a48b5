import type { NodeId } from '@cl-hive/core';

/** A member's standing: neophytes are on probation and do not vote. */
export type Tier = 'neophyte' | 'member';

/** A node in the hive. */
export interface Member {
  readonly tier: Tier;
  /** Seconds since 1970, a label. */
  readonly joinedAt: number;
  /** Whose full sync brought a neophyte in; a member answers for few at a time. */
  readonly sponsor?: NodeId;
}

/** An invitation of this node; single use. */
export interface Ticket {
  readonly secretHash: string;
  readonly expiresAt: number;
  readonly usedBy?: NodeId;
}

/** A neophyte's wish to be a member, and who vouches for it; the electorate is fixed at its creation. */
export interface Promotion {
  readonly requestId: string;
  readonly electorate: readonly NodeId[];
  readonly vouches: ReadonlySet<NodeId>;
}

/** A vote on a ban; the electorate is fixed at creation and does not hold the target. */
export interface BanProposal {
  readonly target: NodeId;
  readonly proposer: NodeId;
  readonly electorate: readonly NodeId[];
  readonly closesAt: number;
  /** Who said yes; a signed yes stays one, whatever else its member says, so that order does not matter. */
  readonly approvals: ReadonlySet<NodeId>;
  /** Who said no: shown, and as little a yes as silence. */
  readonly rejections: ReadonlySet<NodeId>;
}

/** One hive as this node knows it. Everything but `challenges` and `helloTo` is durable. */
export interface Membership {
  readonly self: NodeId;
  /** The hive this node is in; undefined before genesis or WELCOME. Nothing of another hive is read. */
  readonly hiveId: string | undefined;
  readonly members: ReadonlyMap<NodeId, Member>;
  readonly bans: ReadonlySet<NodeId>;
  readonly tickets: ReadonlyMap<string, Ticket>;
  readonly promotions: ReadonlyMap<NodeId, Promotion>;
  readonly proposals: ReadonlyMap<string, BanProposal>;
  /** Challenges this node gave, one per candidate. */
  readonly challenges: ReadonlyMap<NodeId, { readonly nonce: string; readonly expiresAt: number }>;
  /** Who took this node in; its first list of members is believed, tiers included, and no other. */
  readonly introducer: NodeId | undefined;
  /** The member this node said HELLO to, and what followed. */
  readonly joining:
    | {
        readonly peer: NodeId;
        readonly hiveId?: string;
        readonly phase: 'hello' | 'attested';
        readonly expiresAt: number;
      }
    | undefined;
}

/** Why something was refused. */
export type MembershipRefusal =
  | 'already_in_hive'
  | 'not_in_hive'
  | 'banned'
  | 'full'
  | 'no_channel'
  | 'bad_ticket'
  | 'ticket_expired'
  | 'ticket_used'
  | 'unsolicited'
  | 'challenge_expired'
  | 'wrong_nonce'
  | 'bad_signature'
  | 'wrong_hive'
  | 'not_a_member'
  | 'not_in_electorate'
  | 'unknown_proposal'
  | 'closed'
  | 'bound_reached'
  | 'self';

/**
 * What membership is told. Every `from`, `voucher`, `proposer` and `voter` is a signer whose
 * signature was verified on arrival; nonces and ids are drawn by the runner.
 */
export type MembershipInput =
  | { readonly kind: 'genesis'; readonly hiveId: string }
  | {
      readonly kind: 'invite';
      readonly ticketId: string;
      readonly secretHash: string;
      readonly expiresAt: number;
    }
  | { readonly kind: 'join'; readonly peer: NodeId }
  | {
      readonly kind: 'hello';
      readonly from: NodeId;
      readonly hasChannel: boolean;
      readonly nonce: string;
      /** Automatic joining lets candidates in by their channel alone. */
      readonly ticket?: { readonly id: string; readonly secretHash: string };
      readonly autoJoin: boolean;
    }
  | {
      readonly kind: 'challenge';
      readonly from: NodeId;
      readonly nonce: string;
      readonly hiveId: string;
    }
  | {
      readonly kind: 'attest';
      readonly from: NodeId;
      readonly nonce: string;
      readonly signaturesValid: boolean;
    }
  | {
      readonly kind: 'welcome';
      readonly from: NodeId;
      readonly hiveId: string;
      readonly tier: Tier;
    }
  | { readonly kind: 'request_promotion'; readonly target: NodeId; readonly requestId: string }
  | {
      readonly kind: 'vouch';
      readonly target: NodeId;
      readonly requestId: string;
      readonly voucher: NodeId;
    }
  | {
      readonly kind: 'propose_ban';
      readonly proposalId: string;
      readonly target: NodeId;
      readonly proposer: NodeId;
    }
  | {
      readonly kind: 'vote_ban';
      readonly proposalId: string;
      readonly voter: NodeId;
      readonly vote: 'approve' | 'reject';
    }
  | { readonly kind: 'leave'; readonly member: NodeId }
  /** Members as a peer's full sync has them: they add neophytes we may lack; tiers count only from our introducer. */
  | {
      readonly kind: 'sync';
      readonly from: NodeId;
      readonly members: readonly { readonly peer: NodeId; readonly tier: Tier }[];
    }
  | { readonly kind: 'tick' };

/** What the runner carries out after the new state is stored. */
export type MembershipCommand =
  | { readonly kind: 'send_hello'; readonly to: NodeId }
  | { readonly kind: 'send_challenge'; readonly to: NodeId; readonly nonce: string }
  /** Signs the nonce; asked for only as the answer to the challenge of this node's own HELLO. */
  | { readonly kind: 'send_attest'; readonly to: NodeId; readonly nonce: string }
  | { readonly kind: 'send_welcome'; readonly to: NodeId; readonly tier: Tier }
  | { readonly kind: 'promoted'; readonly target: NodeId; readonly requestId: string }
  | { readonly kind: 'banned'; readonly target: NodeId; readonly proposalId: string }
  | { readonly kind: 'removed'; readonly target: NodeId }
  /** Tell the lock and the fleet: the voting members are now these. */
  | { readonly kind: 'electorate'; readonly members: readonly NodeId[] }
  | { readonly kind: 'refused'; readonly code: MembershipRefusal; readonly about?: string }
  | { readonly kind: 'alarm'; readonly code: 'bound_reached'; readonly what: string };
