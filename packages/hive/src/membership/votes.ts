import type { NodeId } from '@cl-hive/core';
import {
  BAN_PROPOSALS_MAX,
  BAN_PROPOSALS_PER_MEMBER_MAX,
  BAN_VOTE_MS,
  BANS_MAX,
  MEMBERS_MAX,
  NEOPHYTES_PER_SPONSOR_MAX,
} from '../limits.ts';
import { majority } from '../lock/epoch.ts';
import type { Change } from './change.ts';
import type { BanProposal, MembershipInput } from './types.ts';

type Of<K extends MembershipInput['kind']> = Extract<MembershipInput, { readonly kind: K }>;

/** Vouches that make a member: more than half of those who could vouch when it asked. */
export function vouchQuorum(electorate: readonly NodeId[]): number {
  return majority(electorate.length);
}

/** Opens a neophyte's request; a new request of the same neophyte takes the old one's place. */
export function requestPromotion(change: Change, input: Of<'request_promotion'>): void {
  const { target, requestId } = input;
  const { promotions, members } = change.state;
  if (members.get(target)?.tier !== 'neophyte') {
    change.refuse('not_a_member', target);
  } else if (!promotions.has(target) && promotions.size >= MEMBERS_MAX) {
    change.full('promotions');
  } else if (promotions.get(target)?.requestId !== requestId) {
    const promotion = { requestId, electorate: change.voting(), vouches: new Set<NodeId>() };
    change.set({ promotions: new Map(promotions).set(target, promotion) });
  }
}

/** Counts a vouch; copies and order make no difference. */
export function vouch(change: Change, { target, requestId, voucher }: Of<'vouch'>): void {
  const promotion = change.state.promotions.get(target);
  if (promotion?.requestId !== requestId) {
    change.refuse('unknown_proposal', requestId);
    return;
  }
  if (!promotion.electorate.includes(voucher) || !change.isVoting(voucher)) {
    change.refuse('not_in_electorate', voucher);
    return;
  }
  const vouches = new Set(promotion.vouches).add(voucher);
  const promotions = new Map(change.state.promotions).set(target, { ...promotion, vouches });
  if (vouches.size >= vouchQuorum(promotion.electorate)) {
    const member = change.state.members.get(target);
    promotions.delete(target);
    if (member !== undefined) {
      change.member(target, { ...member, tier: 'member' });
      change.push({ kind: 'promoted', target, requestId });
    }
  }
  change.set({ promotions });
}

/** Opens a vote on a ban; who proposes has said yes. */
export function proposeBan(change: Change, input: Of<'propose_ban'>): void {
  const { proposalId, target, proposer } = input;
  const { proposals, members } = change.state;
  const of = [...proposals.values()].filter((one) => one.proposer === proposer);
  if (proposals.has(proposalId)) {
    return;
  }
  if (!change.isVoting(proposer)) {
    change.refuse('not_a_member', proposer);
  } else if (!members.has(target)) {
    change.refuse('not_a_member', target);
  } else if (target === proposer) {
    change.refuse('self', proposer);
  } else if (proposals.size >= BAN_PROPOSALS_MAX || of.length >= BAN_PROPOSALS_PER_MEMBER_MAX) {
    change.full('ban proposals');
  } else {
    const electorate = change.voting().filter((one) => one !== target);
    const proposal: BanProposal = {
      target,
      proposer,
      electorate,
      closesAt: change.now + BAN_VOTE_MS,
      approvals: new Set([proposer]),
      rejections: new Set(),
    };
    change.set({ proposals: new Map(proposals).set(proposalId, proposal) });
    conclude(change, proposalId);
  }
}

/** Counts a vote of the electorate; order and copies make no difference. */
export function voteBan(change: Change, { proposalId, voter, vote }: Of<'vote_ban'>): void {
  const proposal = change.state.proposals.get(proposalId);
  if (proposal === undefined) {
    change.refuse('unknown_proposal', proposalId);
  } else if (!proposal.electorate.includes(voter)) {
    change.refuse('not_in_electorate', voter);
  } else {
    const next =
      vote === 'approve'
        ? { ...proposal, approvals: new Set(proposal.approvals).add(voter) }
        : { ...proposal, rejections: new Set(proposal.rejections).add(voter) };
    change.set({ proposals: new Map(change.state.proposals).set(proposalId, next) });
    conclude(change, proposalId);
  }
}

/** Bans with more than half of the whole electorate: who is silent has not agreed. */
function conclude(change: Change, proposalId: string): void {
  const proposal = change.state.proposals.get(proposalId);
  if (proposal === undefined) {
    return;
  }
  if (proposal.approvals.size < majority(proposal.electorate.length)) {
    return;
  }
  if (change.state.bans.size >= BANS_MAX) {
    change.full('bans');
    return;
  }
  const proposals = new Map(change.state.proposals);
  proposals.delete(proposalId);
  const { target } = proposal;
  change.set({ proposals, bans: new Set(change.state.bans).add(target) });
  change.push({ kind: 'banned', target, proposalId });
  remove(change, target);
}

/** Takes a node out of the hive, with what it asked for. */
export function remove(change: Change, node: NodeId): void {
  const promotions = new Map(change.state.promotions);
  const challenges = new Map(change.state.challenges);
  promotions.delete(node);
  challenges.delete(node);
  change.set({ promotions, challenges });
  if (change.state.members.has(node)) {
    change.member(node, undefined);
    change.push({ kind: 'removed', target: node });
  }
}

/** Closes votes whose time is over; that changes nobody's membership. */
export function closeVotes(change: Change): void {
  const open = [...change.state.proposals].filter(([, { closesAt }]) => closesAt > change.now);
  if (open.length !== change.state.proposals.size) {
    change.set({ proposals: new Map(open) });
  }
}

/**
 * A member's list: neophytes that we do not know are taken over, few of each member at a time, so
 * that the hive agrees on who is in it and one member cannot fill it. Tiers change by vouches alone,
 * but for the first list of the member that took us in. Nobody who is banned comes back.
 */
export function mergeMembers(change: Change, { from, members }: Of<'sync'>): void {
  if (!change.isVoting(from)) {
    change.refuse('not_a_member', from);
    return;
  }
  const introduced = change.state.introducer === from;
  for (const { peer, tier } of members) {
    const known = change.state.members.get(peer);
    const joinedAt = change.seconds;
    if (change.state.bans.has(peer)) {
      change.refuse('banned', peer);
    } else if (known !== undefined) {
      if (tier === 'member' && known.tier !== 'member') {
        change.refuse('not_in_electorate', peer);
      }
    } else if (change.state.members.size >= MEMBERS_MAX) {
      change.refuse('full', peer);
    } else if (introduced) {
      change.member(peer, { tier, joinedAt });
    } else if (sponsored(change, from) >= NEOPHYTES_PER_SPONSOR_MAX) {
      change.full(`neophytes of ${from}`);
    } else {
      change.member(peer, { tier: 'neophyte', joinedAt, sponsor: from });
    }
  }
  if (introduced) {
    change.set({ introducer: undefined });
  }
}

function sponsored(change: Change, sponsor: NodeId): number {
  return [...change.state.members.values()].filter(
    (member) => member.sponsor === sponsor && member.tier === 'neophyte',
  ).length;
}
