import type { NodeId } from '@cl-hive/core';
import { BANS_MAX, IMPORT_VERSION_MARGIN, VERSION_STEP_MAX } from '../limits.ts';
import type { Ban, BanProposal, Member, Membership } from '../membership/types.ts';
import type { FleetState, Hearsay } from '../state/types.ts';
import type { ImportPlan, ImportRefusal } from './plan.ts';

/**
 * Membership with what an original's database has. A node that is in a hive already takes nothing of
 * another one; what it knows itself wins, bans above all.
 */
export function importMembership(
  membership: Membership,
  plan: ImportPlan,
): Membership | { readonly refused: ImportRefusal } {
  if (membership.hiveId !== undefined && membership.hiveId !== plan.hiveId) {
    return { refused: 'other_hive' };
  }
  const bans = new Map<NodeId, Ban>(membership.bans);
  for (const { peer, at } of plan.bans) {
    if (!bans.has(peer) && bans.size < BANS_MAX && peer !== membership.self) {
      bans.set(peer, { at, words: new Map() });
    }
  }
  const members = new Map<NodeId, Member>(membership.members);
  for (const { peer, tier, joinedAt } of plan.members) {
    if (!bans.has(peer) && !members.has(peer)) {
      members.set(peer, { tier, joinedAt });
    }
  }
  for (const peer of bans.keys()) {
    members.delete(peer);
  }
  return {
    ...membership,
    hiveId: plan.hiveId,
    joining: undefined,
    bans,
    members,
    proposals: proposals(membership, plan, members),
  };
}

function proposals(
  membership: Membership,
  plan: ImportPlan,
  members: ReadonlyMap<NodeId, Member>,
): Membership['proposals'] {
  const all = new Map<string, BanProposal>(membership.proposals);
  for (const { proposalId, target, proposer, closesAt, approvals, rejections } of plan.proposals) {
    const electorate = [...members]
      .filter(([peer, { tier }]) => tier === 'member' && peer !== target)
      .map(([peer]) => peer)
      .sort();
    const voters = (of: readonly NodeId[]): Set<NodeId> =>
      new Set(of.filter((peer) => electorate.includes(peer)));
    if (!all.has(proposalId) && members.has(target)) {
      all.set(proposalId, {
        target,
        proposer,
        electorate,
        closesAt: closesAt * 1000,
        approvals: voters([proposer, ...approvals]),
        rejections: voters(rejections),
        words: new Map(),
      });
    }
  }
  return all;
}

/**
 * The fleet's versions as the original had them: this node's own goes on above the last it sent, with a
 * margin for what was sent and not stored; those of others are hearsay. A version beyond what
 * heartbeats can reach is left.
 */
export function importVersions(fleet: FleetState, plan: ImportPlan): FleetState {
  const hearsay = new Map<NodeId, Hearsay>(fleet.hearsay);
  let { ownVersion } = fleet;
  for (const { peer, version, lastUpdate } of plan.versions) {
    if (version > 100 * VERSION_STEP_MAX) {
      continue;
    }
    if (peer === fleet.self) {
      ownVersion = Math.max(ownVersion, version + IMPORT_VERSION_MARGIN);
    } else if (version > (fleet.signed.get(peer)?.version ?? hearsay.get(peer)?.version ?? -1)) {
      hearsay.set(peer, { version, lastUpdate, from: fleet.self });
    }
  }
  return { ...fleet, hearsay, ownVersion };
}
