import type { NodeId } from '@cl-hive/core';
import type { BanProposal, Promotion } from '@cl-hive/hive';

/** Votes that ban: more than half of the electorate. */
export function quorumOf(electorate: readonly NodeId[]): number {
  return Math.floor(electorate.length / 2) + 1;
}

/** A ban that is being voted on, with the original's members. */
export function proposalView(proposalId: string, proposal: BanProposal, self: NodeId) {
  const { target, proposer, electorate, approvals, rejections, closesAt, words } = proposal;
  const raw = words.get(proposer)?.raw ?? {};
  const { reason, timestamp } = raw;
  return {
    proposal_id: proposalId,
    target_peer_id: target,
    proposer,
    reason: typeof reason === 'string' ? reason : '',
    proposed_at: typeof timestamp === 'number' ? timestamp : null,
    expires_at: Math.floor(closesAt / 1000),
    approve_count: approvals.size,
    reject_count: rejections.size,
    quorum_needed: quorumOf(electorate),
    my_vote: approvals.has(self) ? 'approve' : rejections.has(self) ? 'reject' : null,
  };
}

/** A request for promotion, with the original's members. */
export function promotionView(target: NodeId, promotion: Promotion) {
  const { requestId, electorate, vouches } = promotion;
  const needed = quorumOf(electorate);
  return {
    target_peer_id: target,
    request_id: requestId,
    approvals: [...vouches],
    approval_count: vouches.size,
    quorum_needed: needed,
    quorum_reached: vouches.size >= needed,
  };
}
