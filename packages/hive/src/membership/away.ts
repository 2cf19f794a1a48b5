import type { NodeId } from '@cl-hive/core';
import {
  DEPARTURES_MAX,
  FUTURE_SECONDS_MAX,
  MEMBERS_MAX,
  NEOPHYTES_PER_SPONSOR_MAX,
  WORDS_PER_LIST_MAX,
} from '../limits.ts';
import type { Change } from './change.ts';
import type { ListedMember, MembershipInput, SignedWord } from './types.ts';
import { remove } from './votes.ts';

type Of<K extends MembershipInput['kind']> = Extract<MembershipInput, { readonly kind: K }>;

/** A member's own word that it leaves; remembered, so that no stale list brings it back. */
export function leave(change: Change, { member, at, word }: Of<'leave'>): void {
  const known = change.state.members.get(member);
  const left = Math.min(at ?? change.seconds, change.seconds + FUTURE_SECONDS_MAX);
  if (known === undefined || left < known.joinedAt - FUTURE_SECONDS_MAX) {
    return;
  }
  remove(change, member);
  const departures = new Map(change.state.departures);
  departures.delete(member);
  departures.set(member, word === undefined ? { at: left } : { at: left, word });
  for (const oldest of [...departures.keys()].slice(
    0,
    Math.max(0, departures.size - DEPARTURES_MAX),
  )) {
    departures.delete(oldest);
  }
  change.set({ departures });
}

/**
 * Follows a certified epoch: who it added votes, who it removed does not. Bans win: who is banned here
 * stays out.
 */
export function followEpoch(change: Change, { added, removed }: Of<'epoch'>): void {
  if (change.state.hiveId === undefined) {
    return;
  }
  for (const node of removed) {
    if (node !== change.state.self) {
      remove(change, node);
    }
  }
  for (const node of added) {
    const { members, bans } = change.state;
    const known = members.get(node);
    if (bans.has(node)) {
      change.refuse('banned', node);
    } else if (known === undefined && members.size >= MEMBERS_MAX) {
      change.full('members');
    } else {
      change.member(node, { joinedAt: change.seconds, ...known, tier: 'member' });
    }
  }
}

/** What proves to the sender of a list that it is wrong about `listed`; nothing where it is not. */
function proof(change: Change, { peer, tier, joinedAt }: ListedMember): readonly SignedWord[] {
  const { bans, departures, members, promoted } = change.state;
  const ban = bans.get(peer);
  if (ban !== undefined) {
    return [...ban.words.values()];
  }
  const departure = departures.get(peer);
  if (departure?.word !== undefined && (joinedAt ?? 0) <= departure.at) {
    return [departure.word];
  }
  const behind = tier === 'neophyte' && members.get(peer)?.tier === 'member';
  return behind ? [...(promoted.get(peer)?.words.values() ?? [])] : [];
}

/**
 * A member's list: neophytes that we do not know are taken over, few of each member at a time, so
 * that the hive agrees on who is in it and one member cannot fill it. Tiers change by vouches and
 * certified epochs, but for the first list of the member that took us in. Nobody who is banned comes
 * back, nor who left after joining. Its sender is told what it missed.
 */
export function mergeMembers(change: Change, { from, members }: Of<'sync'>): void {
  if (!change.isVoting(from)) {
    change.refuse('not_a_member', from);
    return;
  }
  const introduced = change.state.introducer === from;
  const missed: SignedWord[] = [];
  for (const listed of members.slice(0, 2 * MEMBERS_MAX)) {
    missed.push(...proof(change, listed));
    mergeMember(change, from, listed, introduced);
  }
  if (introduced) {
    change.set({ introducer: undefined });
  }
  if (missed.length > 0) {
    change.push({ kind: 'send_words', to: from, words: missed.slice(0, WORDS_PER_LIST_MAX) });
  }
}

function mergeMember(
  change: Change,
  from: NodeId,
  { peer, tier, joinedAt }: ListedMember,
  introduced: boolean,
): void {
  const { bans, members, departures } = change.state;
  const known = members.get(peer);
  const departure = departures.get(peer);
  if (bans.has(peer)) {
    change.refuse('banned', peer);
  } else if (known !== undefined) {
    if (tier === 'member' && known.tier !== 'member') {
      change.refuse('not_in_electorate', peer);
    }
  } else if (departure !== undefined && (joinedAt ?? 0) <= departure.at) {
    change.refuse('departed', peer);
  } else if (members.size >= MEMBERS_MAX) {
    change.refuse('full', peer);
  } else if (introduced) {
    change.member(peer, { tier, joinedAt: change.seconds });
  } else if (sponsored(change, from) >= NEOPHYTES_PER_SPONSOR_MAX) {
    change.full(`neophytes of ${from}`);
  } else {
    change.member(peer, { tier: 'neophyte', joinedAt: change.seconds, sponsor: from });
  }
}

function sponsored(change: Change, sponsor: NodeId): number {
  return [...change.state.members.values()].filter(
    (member) => member.sponsor === sponsor && member.tier === 'neophyte',
  ).length;
}
