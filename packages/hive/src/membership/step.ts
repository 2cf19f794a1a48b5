import type { NodeId } from '@cl-hive/core';
import { followEpoch, leave, mergeMembers } from './away.ts';
import { Change } from './change.ts';
import { admit, attest, challenge, genesis, hello, invite, join, welcome } from './join.ts';
import type { Membership, MembershipCommand, MembershipInput } from './types.ts';
import { closeVotes, proposeBan, requestPromotion, voteBan, vouch } from './votes.ts';

/** A node outside any hive. */
export function newMembership(self: NodeId): Membership {
  return {
    self,
    hiveId: undefined,
    members: new Map(),
    bans: new Map(),
    departures: new Map(),
    promoted: new Map(),
    admitted: new Map(),
    tickets: new Map(),
    promotions: new Map(),
    proposals: new Map(),
    challenges: new Map(),
    introducer: undefined,
    joining: undefined,
  };
}

/**
 * Membership: one transition. `now` is milliseconds since 1970, taken from a clock that steps of the
 * wall clock do not move; it ends challenges, tickets and votes, and never makes a yes.
 */
export function stepMembership(
  state: Membership,
  input: MembershipInput,
  now: number,
): { readonly state: Membership; readonly commands: readonly MembershipCommand[] } {
  const change = new Change(state, now);
  apply(change, input);
  return change.end();
}

function apply(change: Change, input: MembershipInput): void {
  switch (input.kind) {
    case 'genesis':
      return genesis(change, input);
    case 'invite':
      return invite(change, input);
    case 'admit':
      return admit(change, input);
    case 'join':
      return join(change, input);
    case 'hello':
      return hello(change, input);
    case 'challenge':
      return challenge(change, input);
    case 'attest':
      return attest(change, input);
    case 'welcome':
      return welcome(change, input);
    case 'request_promotion':
      return requestPromotion(change, input);
    case 'vouch':
      return vouch(change, input);
    case 'propose_ban':
      closeVotes(change);
      return proposeBan(change, input);
    case 'vote_ban':
      closeVotes(change);
      return voteBan(change, input);
    case 'leave':
      return leave(change, input);
    case 'epoch':
      return followEpoch(change, input);
    case 'sync':
      return mergeMembers(change, input);
    case 'tick':
      return closeVotes(change);
  }
}
