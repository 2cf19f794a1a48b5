import type { NodeId } from '@cl-hive/core';
import type { WireObject } from '@cl-hive/protocol';

/** A member's standing: neophytes are on probation and do not vote. */
export type Tier = 'neophyte' | 'member';

/** A node in the hive. */
export interface Member {
  readonly tier: Tier;
  /** Seconds since 1970, a label. */
  readonly joinedAt: number;
  /** Who took a neophyte in, or whose full sync did; a member answers for few at a time. */
  readonly sponsor?: NodeId;
}

/** A message as its signer sent it, verified on arrival: what anybody can be shown. */
export interface SignedWord {
  readonly name: 'BAN_PROPOSAL' | 'BAN_VOTE' | 'VOUCH' | 'MEMBER_LEFT';
  readonly raw: WireObject;
}

/** Signed words by who said them. */
export type Words = ReadonlyMap<NodeId, SignedWord>;

/** A ban in force, with what proves it to members that were away; imported ones have no words. */
export interface Ban {
  /** Seconds since 1970, a label. */
  readonly at: number;
  readonly words: Words;
}

/** A node that left by its own word: a stale list does not bring it back. */
export interface Departure {
  /** Seconds since 1970, by its own clock. */
  readonly at: number;
  readonly word?: SignedWord;
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
  readonly words: Words;
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
  /** The proposal under its proposer, and the votes for it. */
  readonly words: Words;
}

/** One hive as this node knows it. Everything but `challenges` and `helloTo` is durable. */
export interface Membership {
  readonly self: NodeId;
  /** The hive this node is in; undefined before genesis or WELCOME. Nothing of another hive is read. */
  readonly hiveId: string | undefined;
  readonly members: ReadonlyMap<NodeId, Member>;
  readonly bans: ReadonlyMap<NodeId, Ban>;
  readonly departures: ReadonlyMap<NodeId, Departure>;
  /** Vouches of the last promotion of each member, as long as it is one. */
  readonly promoted: ReadonlyMap<NodeId, { readonly requestId: string; readonly words: Words }>;
  /** Candidates that a person let in by name until a time in ms: originals, which show no ticket. */
  readonly admitted: ReadonlyMap<NodeId, number>;
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
        /** The hive its ticket is for. */
        readonly expected?: string;
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
  | 'departed'
  | 'self';

/** A member as another's list has it. */
export interface ListedMember {
  readonly peer: NodeId;
  readonly tier: Tier;
  /** Seconds since 1970, as the list says. */
  readonly joinedAt?: number;
}

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
  /** A person lets a candidate in that shows no ticket. */
  | { readonly kind: 'admit'; readonly peer: NodeId; readonly expiresAt: number }
  /** `hiveId` is what the ticket says. */
  | { readonly kind: 'join'; readonly peer: NodeId; readonly hiveId?: string }
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
      readonly word?: SignedWord;
    }
  | {
      readonly kind: 'propose_ban';
      readonly proposalId: string;
      readonly target: NodeId;
      readonly proposer: NodeId;
      readonly word?: SignedWord;
      /**
       * Seconds since 1970, as signed: who left or was banned since belongs to the electorate, so that
       * it does not shrink on the way. An earlier time only asks for more votes.
       */
      readonly at?: number;
      /** Who delivered it, where that is not the proposer. */
      readonly from?: NodeId;
      /**
       * Who could vote when the target was removed, as certified epochs have it
       * (`removalElectorate`): a ban of long ago is proven by those who were there.
       */
      readonly electorate?: readonly NodeId[];
    }
  | {
      readonly kind: 'vote_ban';
      readonly proposalId: string;
      readonly voter: NodeId;
      readonly vote: 'approve' | 'reject';
      readonly word?: SignedWord;
    }
  /** `at` is the time that the member signed, seconds since 1970. */
  | {
      readonly kind: 'leave';
      readonly member: NodeId;
      readonly at?: number;
      readonly word?: SignedWord;
    }
  /**
   * A certified epoch of the lock (`epochChange`): a majority's signed word on who votes, which a
   * member that was away takes over.
   */
  | {
      readonly kind: 'epoch';
      readonly added: readonly NodeId[];
      readonly removed: readonly NodeId[];
    }
  /** Members as a peer's full sync has them: they add neophytes we may lack; tiers count only from our introducer. */
  | {
      readonly kind: 'sync';
      readonly from: NodeId;
      readonly members: readonly ListedMember[];
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
  /** A list lacks what these signed words prove: send them to the member that sent it. */
  | { readonly kind: 'send_words'; readonly to: NodeId; readonly words: readonly SignedWord[] }
  /** Tell the lock and the fleet: the voting members are now these. */
  | { readonly kind: 'electorate'; readonly members: readonly NodeId[] }
  | { readonly kind: 'refused'; readonly code: MembershipRefusal; readonly about?: string }
  | { readonly kind: 'alarm'; readonly code: 'bound_reached'; readonly what: string };
