import type { NodeId } from '@cl-hive/core';
import {
  BAN_PROPOSALS_MAX,
  BAN_PROPOSALS_PER_MEMBER_MAX,
  BAN_VOTE_MS,
  BANS_MAX,
  MEMBERS_MAX,
} from '../limits.ts';
import { electorate, majority } from '../lock/epoch.ts';
import type { Change } from './change.ts';
import type { BanProposal, MembershipInput, SignedWord, Words } from './types.ts';

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
    const promotion = {
      requestId,
      electorate: change.voting(),
      vouches: new Set<NodeId>(),
      words: new Map(),
    };
    change.set({ promotions: new Map(promotions).set(target, promotion) });
  }
}

function withWord(words: Words, signer: NodeId, word: SignedWord | undefined): Words {
  return word === undefined ? words : new Map(words).set(signer, word);
}

/**
 * Counts a vouch; copies and order make no difference. One that comes without its request, as it does
 * to a member that was away, opens it.
 */
export function vouch(change: Change, input: Of<'vouch'>): void {
  const { target, requestId, voucher } = input;
  if (!change.state.promotions.has(target) && change.isVoting(voucher)) {
    requestPromotion(change, { kind: 'request_promotion', target, requestId });
  }
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
  const words = withWord(promotion.words, voucher, input.word);
  const promotions = new Map(change.state.promotions);
  promotions.set(target, { ...promotion, vouches, words });
  if (vouches.size >= vouchQuorum(promotion.electorate)) {
    const member = change.state.members.get(target);
    promotions.delete(target);
    if (member !== undefined) {
      change.member(target, { ...member, tier: 'member' });
      change.set({ promoted: new Map(change.state.promoted).set(target, { requestId, words }) });
      change.push({ kind: 'promoted', target, requestId });
    }
  }
  change.set({ promotions });
}

/**
 * Who decides about a ban: the members that vote now and those that went since it was proposed, or
 * those a certified epoch names. What its proposer states as the time can make electors more, never
 * fewer than now.
 */
function banElectorate(change: Change, input: Of<'propose_ban'>): readonly NodeId[] {
  const { electorate: certified, proposer, target, at = change.seconds } = input;
  const { departures, bans } = change.state;
  const gone = [...departures, ...bans].flatMap(([node, { at: since }]) =>
    since >= at ? [node] : [],
  );
  const voting = certified?.includes(proposer) === true ? certified : change.voting();
  return electorate([...voting, ...(certified === voting ? [] : gone)]).filter(
    (one) => one !== target,
  );
}

/** Whether this node is new and `from` took it in: its word on bans of before is all there is. */
function believes({ state }: Change, from: NodeId | undefined): boolean {
  const own = state.members.get(state.self);
  return from !== undefined && own?.tier === 'neophyte' && own.sponsor === from;
}

/** Opens a vote on a ban; who proposes has said yes. */
export function proposeBan(change: Change, input: Of<'propose_ban'>): void {
  const { proposalId, target, proposer } = input;
  const { proposals, members, bans } = change.state;
  const of = [...proposals.values()].filter((one) => one.proposer === proposer);
  if (proposals.has(proposalId) || bans.has(target)) {
    return;
  }
  if (believes(change, input.from)) {
    ban(change, target, proposalId, withWord(new Map(), proposer, input.word));
    return;
  }
  const electors = banElectorate(change, input);
  if (!electors.includes(proposer) && target !== proposer) {
    change.refuse('not_a_member', proposer);
  } else if (!members.has(target) && input.electorate === undefined) {
    change.refuse('not_a_member', target);
  } else if (target === proposer) {
    change.refuse('self', proposer);
  } else if (proposals.size >= BAN_PROPOSALS_MAX || of.length >= BAN_PROPOSALS_PER_MEMBER_MAX) {
    change.full('ban proposals');
  } else {
    const proposal: BanProposal = {
      target,
      proposer,
      electorate: electors,
      closesAt: change.now + BAN_VOTE_MS,
      approvals: new Set([proposer]),
      rejections: new Set(),
      words: withWord(new Map(), proposer, input.word),
    };
    change.set({ proposals: new Map(proposals).set(proposalId, proposal) });
    conclude(change, proposalId);
  }
}

/** Counts a vote of the electorate; order and copies make no difference. */
export function voteBan(change: Change, { proposalId, voter, vote, word }: Of<'vote_ban'>): void {
  const proposal = change.state.proposals.get(proposalId);
  if (proposal === undefined) {
    change.refuse('unknown_proposal', proposalId);
  } else if (!proposal.electorate.includes(voter)) {
    change.refuse('not_in_electorate', voter);
  } else {
    const next =
      vote === 'approve'
        ? {
            ...proposal,
            approvals: new Set(proposal.approvals).add(voter),
            // The proposal is its proposer's word already, and what opens the vote where it was missed.
            words:
              voter === proposal.proposer ? proposal.words : withWord(proposal.words, voter, word),
          }
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
  ban(change, proposal.target, proposalId, proposal.words);
}

/** For good, with the words that prove it. */
function ban(change: Change, target: NodeId, proposalId: string, words: Words): void {
  if (change.state.bans.size >= BANS_MAX) {
    change.full('bans');
    return;
  }
  const proposals = new Map(change.state.proposals);
  proposals.delete(proposalId);
  const bans = new Map(change.state.bans).set(target, { at: change.seconds, words });
  change.set({ proposals, bans });
  change.push({ kind: 'banned', target, proposalId });
  remove(change, target);
}

/** Takes a node out of the hive, with what it asked for. */
export function remove(change: Change, node: NodeId): void {
  const promotions = new Map(change.state.promotions);
  const challenges = new Map(change.state.challenges);
  promotions.delete(node);
  challenges.delete(node);
  const promoted = new Map(change.state.promoted);
  const admitted = new Map(change.state.admitted);
  promoted.delete(node);
  admitted.delete(node);
  change.set({ promotions, challenges, promoted, admitted });
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
