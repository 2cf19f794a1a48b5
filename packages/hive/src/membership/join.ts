import type { NodeId } from '@cl-hive/core';
import {
  CHALLENGE_MS,
  CHALLENGES_MAX,
  MEMBERS_MAX,
  TICKETS_MAX,
  WORDS_PER_LIST_MAX,
} from '../limits.ts';
import type { Change } from './change.ts';
import type { MembershipInput } from './types.ts';

type Of<K extends MembershipInput['kind']> = Extract<MembershipInput, { readonly kind: K }>;

/** Founds a hive of one member. */
export function genesis(change: Change, { hiveId }: Of<'genesis'>): void {
  if (change.state.hiveId !== undefined) {
    change.refuse('already_in_hive');
    return;
  }
  const { self } = change.state;
  change.set({ hiveId, joining: undefined });
  change.member(self, { tier: 'member', joinedAt: change.seconds });
}

/** Keeps a ticket of this node; only the hash of its secret is stored. */
export function invite(change: Change, { ticketId, secretHash, expiresAt }: Of<'invite'>): void {
  const live = [...change.state.tickets].filter(([, ticket]) => ticket.expiresAt > change.now);
  if (!change.isVoting(change.state.self)) {
    change.refuse('not_a_member');
  } else if (live.length >= TICKETS_MAX) {
    change.full('tickets');
  } else {
    change.set({ tickets: new Map(live).set(ticketId, { secretHash, expiresAt }) });
  }
}

/** A person's word that a candidate may come without a ticket. */
export function admit(change: Change, { peer, expiresAt }: Of<'admit'>): void {
  const live = [...change.state.admitted].filter(([, until]) => until > change.now);
  if (!change.isVoting(change.state.self)) {
    change.refuse('not_a_member');
  } else if (change.state.bans.has(peer)) {
    change.refuse('banned', peer);
  } else if (live.length >= TICKETS_MAX) {
    change.full('admissions');
  } else {
    change.set({ admitted: new Map(live).set(peer, expiresAt) });
  }
}

/** Says HELLO to a member, from outside any hive. */
export function join(change: Change, { peer, hiveId }: Of<'join'>): void {
  if (change.state.hiveId !== undefined) {
    change.refuse('already_in_hive');
    return;
  }
  const expected = hiveId === undefined ? {} : { expected: hiveId };
  const expiresAt = change.now + CHALLENGE_MS;
  change.set({ joining: { peer, phase: 'hello', expiresAt, ...expected } });
  change.push({ kind: 'send_hello', to: peer });
}

/**
 * A candidate: it needs a channel and, unless joining is automatic, a ticket. It has one challenge at
 * a time, so that thousands of others cannot push an honest one out.
 */
export function hello(change: Change, input: Of<'hello'>): void {
  const { from, nonce, ticket } = input;
  const { state, now } = change;
  if (!change.isVoting(state.self)) {
    change.refuse('not_in_hive', from);
  } else if (state.bans.has(from)) {
    change.refuse('banned', from);
  } else if (state.members.get(from)?.tier === 'member') {
    change.refuse('already_in_hive', from);
  } else if (!input.hasChannel) {
    change.refuse('no_channel', from);
  } else if (state.members.size >= MEMBERS_MAX && !state.members.has(from)) {
    change.refuse('full', from);
  } else if (
    // A neophyte asks once more where its WELCOME was lost; it has no vote to bring back.
    state.members.has(from) ||
    input.autoJoin ||
    (state.admitted.get(from) ?? 0) > now ||
    (ticket !== undefined && useTicket(change, from, ticket))
  ) {
    const live = new Map([...change.state.challenges].filter(([, one]) => one.expiresAt > now));
    if (!live.has(from) && live.size >= CHALLENGES_MAX) {
      change.full('challenges');
      return;
    }
    change.set({ challenges: live.set(from, { nonce, expiresAt: now + CHALLENGE_MS }) });
    change.push({ kind: 'send_challenge', to: from, nonce });
  } else if (ticket === undefined) {
    change.refuse('bad_ticket', from);
  }
}

/** A ticket serves the first candidate that shows it, who may show it again. */
function useTicket(
  change: Change,
  from: Of<'hello'>['from'],
  shown: { readonly id: string; readonly secretHash: string },
): boolean {
  const ticket = change.state.tickets.get(shown.id);
  if (ticket?.secretHash !== shown.secretHash) {
    change.refuse('bad_ticket', from);
    return false;
  }
  if (ticket.expiresAt <= change.now) {
    change.refuse('ticket_expired', from);
    return false;
  }
  if (ticket.usedBy !== undefined && ticket.usedBy !== from) {
    change.refuse('ticket_used', from);
    return false;
  }
  const tickets = new Map(change.state.tickets).set(shown.id, { ...ticket, usedBy: from });
  change.set({ tickets });
  return true;
}

/** What originals that did not found their hive say in place of its id. */
const PLACEHOLDERS = new Set(['hive', 'unknown']);

function isOther(expected: string | undefined, said: string): boolean {
  return (
    expected !== undefined &&
    expected !== said &&
    !PLACEHOLDERS.has(expected) &&
    !PLACEHOLDERS.has(said)
  );
}

/** Signs a challenge only of the peer this node said HELLO to, and only once. */
export function challenge(change: Change, { from, nonce, hiveId }: Of<'challenge'>): void {
  const { joining, hiveId: own } = change.state;
  if (own !== undefined || joining?.peer !== from || joining.phase !== 'hello') {
    change.refuse('unsolicited', from);
  } else if (joining.expiresAt <= change.now) {
    change.refuse('challenge_expired', from);
  } else if (isOther(joining.expected, hiveId)) {
    change.refuse('wrong_hive', from);
  } else {
    change.set({ joining: { ...joining, hiveId, phase: 'attested' } });
    change.push({ kind: 'send_attest', to: from, nonce });
  }
}

/** A candidate's answer; it is taken in as a neophyte and its challenge is used up. */
export function attest(change: Change, { from, nonce, signaturesValid }: Of<'attest'>): void {
  const { state } = change;
  const given = state.challenges.get(from);
  if (given === undefined) {
    change.refuse('unsolicited', from);
    return;
  }
  if (state.bans.has(from) || given.expiresAt <= change.now) {
    change.refuse(state.bans.has(from) ? 'banned' : 'challenge_expired', from);
    return;
  }
  if (given.nonce !== nonce || !signaturesValid) {
    change.refuse(given.nonce === nonce ? 'bad_signature' : 'wrong_nonce', from);
    return;
  }
  const known = state.members.get(from);
  if (state.members.size >= MEMBERS_MAX && known === undefined) {
    change.refuse('full', from);
    return;
  }
  const challenges = new Map(state.challenges);
  const departures = new Map(state.departures);
  const admitted = new Map(state.admitted);
  challenges.delete(from);
  departures.delete(from);
  admitted.delete(from);
  change.set({ challenges, departures, admitted });
  change.member(from, { joinedAt: change.seconds, ...known, tier: known?.tier ?? 'neophyte' });
  change.push({ kind: 'send_welcome', to: from, tier: known?.tier ?? 'neophyte' });
  tellBans(change, from);
}

/** A newcomer cannot count votes of before its time; it believes who takes it in. */
function tellBans(change: Change, to: NodeId): void {
  const words = [...change.state.bans.values()]
    .slice(-WORDS_PER_LIST_MAX)
    .flatMap((ban) => [...ban.words.values()].filter(({ name }) => name === 'BAN_PROPOSAL'));
  if (words.length > 0) {
    change.push({ kind: 'send_words', to, words });
  }
}

/** Taken in: only as the answer to this node's own ATTEST, once, and into the hive that challenged. */
export function welcome(change: Change, { from, hiveId, tier }: Of<'welcome'>): void {
  const { joining, hiveId: own, self } = change.state;
  if (own !== undefined || joining?.peer !== from || joining.phase !== 'attested') {
    change.refuse('unsolicited', from);
  } else if (joining.hiveId !== hiveId) {
    change.refuse('wrong_hive', from);
  } else {
    change.set({ hiveId, joining: undefined, introducer: from });
    change.member(from, { tier: 'member', joinedAt: change.seconds });
    change.member(self, { tier, joinedAt: change.seconds, sponsor: from });
  }
}
