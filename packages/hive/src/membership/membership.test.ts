import type { NodeId } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Membership,
  type MembershipCommand,
  type MembershipInput,
  newMembership,
  stepMembership,
} from '../index.ts';

const node = (index: number): NodeId => `02${index.toString(16).padStart(64, '0')}` as NodeId;
const [A, B, C, D, NEO] = [1, 2, 3, 4, 5].map(node) as [NodeId, NodeId, NodeId, NodeId, NodeId];
const NOW = 1_795_000_000_000;
const HASH = 'h'.repeat(64);

class Desk {
  state: Membership;
  commands: readonly MembershipCommand[] = [];
  now = NOW;

  constructor(self: NodeId = A) {
    this.state = newMembership(self);
  }

  give(input: MembershipInput): this {
    const { state, commands } = stepMembership(this.state, input, this.now);
    this.state = state;
    this.commands = commands;
    return this;
  }

  get refusal(): string | undefined {
    return this.commands.flatMap((one) => (one.kind === 'refused' ? [one.code] : []))[0];
  }

  get kinds(): readonly string[] {
    return this.commands.map(({ kind }) => kind);
  }
}

function hive(...members: readonly NodeId[]): Desk {
  const desk = new Desk(A).give({ kind: 'genesis', hiveId: 'h1' });
  const all = new Map(desk.state.members);
  for (const member of members) {
    all.set(member, { tier: 'member', joinedAt: 0 });
  }
  desk.state = { ...desk.state, members: all };
  return desk;
}

const hello = (from: NodeId, more: Partial<Extract<MembershipInput, { kind: 'hello' }>> = {}) =>
  ({
    kind: 'hello',
    from,
    hasChannel: true,
    nonce: '1'.repeat(64),
    autoJoin: true,
    ...more,
  }) as const;
const attest = (from: NodeId, nonce = '1'.repeat(64), signaturesValid = true) =>
  ({ kind: 'attest', from, nonce, signaturesValid }) as const;

describe('joining', () => {
  it('goes HELLO, CHALLENGE, ATTEST, WELCOME', () => {
    const member = hive();
    const candidate = new Desk(NEO).give({ kind: 'join', peer: A });
    expect(candidate.kinds).toEqual(['send_hello']);
    expect(member.give(hello(NEO)).kinds).toEqual(['send_challenge']);
    candidate.give({ kind: 'challenge', from: A, nonce: '1'.repeat(64), hiveId: 'h1' });
    expect(candidate.kinds).toEqual(['send_attest']);
    expect(member.give(attest(NEO)).kinds).toEqual(['send_welcome']);
    candidate.give({ kind: 'welcome', from: A, hiveId: 'h1', tier: 'neophyte' });
    expect(candidate.state.hiveId).toBe('h1');
    expect(candidate.state.members.get(NEO)?.tier).toBe('neophyte');
    candidate.give({
      kind: 'sync',
      from: A,
      members: [{ peer: B, tier: 'member' }],
    });
    expect(candidate.state.members.get(B)?.tier).toBe('member');
    candidate.give({ kind: 'sync', from: A, members: [{ peer: C, tier: 'member' }] });
    expect(candidate.state.members.get(C)?.tier).toBe('neophyte');
  });

  it('MB-01: a WELCOME nobody asked for changes nothing', () => {
    for (const desk of [new Desk(), hive(B), new Desk().give({ kind: 'join', peer: B })]) {
      const before = desk.state;
      desk.give({ kind: 'welcome', from: B, hiveId: 'evil', tier: 'member' });
      expect(desk.refusal).toBe('unsolicited');
      expect(desk.state).toEqual(before);
    }
  });

  it('a WELCOME into another hive than the one that challenged is refused', () => {
    const desk = new Desk(NEO).give({ kind: 'join', peer: A });
    desk.give({ kind: 'challenge', from: A, nonce: '2'.repeat(64), hiveId: 'h1' });
    desk.give({ kind: 'welcome', from: A, hiveId: 'h2', tier: 'member' });
    expect(desk.refusal).toBe('wrong_hive');
    expect(desk.state.hiveId).toBeUndefined();
  });

  it('SG-07: only a challenge to our own HELLO is signed, once', () => {
    const ask = (from: NodeId) =>
      ({ kind: 'challenge', from, nonce: '3'.repeat(64), hiveId: 'h1' }) as const;
    expect(hive(B).give(ask(B)).refusal).toBe('unsolicited');
    expect(new Desk().give(ask(B)).refusal).toBe('unsolicited');
    const desk = new Desk().give({ kind: 'join', peer: B });
    expect(desk.give(ask(C)).refusal).toBe('unsolicited');
    expect(desk.give(ask(B)).kinds).toEqual(['send_attest']);
    expect(desk.give(ask(B)).refusal).toBe('unsolicited');
  });

  it('MB-07: a thousand other HELLOs do not push a candidate out', () => {
    const desk = hive();
    desk.give(hello(NEO));
    for (let i = 100; i < 1101; i += 1) {
      desk.give(hello(node(i), { nonce: '4'.repeat(64) }));
    }
    expect(desk.kinds).toContain('alarm');
    expect(desk.give(attest(NEO)).kinds).toEqual(['send_welcome']);
  });

  it('needs a channel, a fresh challenge, the nonce that was given and valid signatures', () => {
    const desk = hive();
    expect(desk.give(hello(NEO, { hasChannel: false })).refusal).toBe('no_channel');
    expect(desk.give(attest(NEO)).refusal).toBe('unsolicited');
    desk.give(hello(NEO));
    expect(desk.give(attest(NEO, '5'.repeat(64))).refusal).toBe('wrong_nonce');
    expect(desk.give(attest(NEO, '1'.repeat(64), false)).refusal).toBe('bad_signature');
    desk.now += 300_000;
    expect(desk.give(attest(NEO)).refusal).toBe('challenge_expired');
  });

  it('refuses tickets that are forged, expired or used by another', () => {
    const desk = hive();
    const expiresAt = NOW + 1000;
    desk.give({ kind: 'invite', ticketId: 't', secretHash: HASH, expiresAt });
    const show = (from: NodeId, id = 't', secretHash = HASH) =>
      desk.give(hello(from, { autoJoin: false, ticket: { id, secretHash } }));
    expect(desk.give(hello(NEO, { autoJoin: false })).refusal).toBe('bad_ticket');
    expect(show(NEO, 't', 'x').refusal).toBe('bad_ticket');
    expect(show(NEO, '__proto__').refusal).toBe('bad_ticket');
    expect(show(NEO).kinds).toEqual(['send_challenge']);
    expect(show(NEO).kinds).toEqual(['send_challenge']);
    expect(show(D).refusal).toBe('ticket_used');
    desk.now = expiresAt;
    expect(show(NEO).refusal).toBe('ticket_expired');
  });

  it('stops at 50 members', () => {
    const desk = hive(...Array.from({ length: 49 }, (_, index) => node(100 + index)));
    expect(desk.state.members.size).toBe(50);
    expect(desk.give(hello(NEO)).refusal).toBe('full');
    desk.give({ kind: 'sync', from: node(100), members: [{ peer: NEO, tier: 'neophyte' }] });
    expect(desk.refusal).toBe('full');
  });
});

describe('promotion', () => {
  it('takes more than half of those who could vouch when it was asked for', () => {
    const desk = hive(B, C, D);
    desk.give({ kind: 'sync', from: B, members: [{ peer: NEO, tier: 'neophyte' }] });
    desk.give({ kind: 'request_promotion', target: NEO, requestId: 'r1' });
    const vouch = (voucher: NodeId, requestId = 'r1') =>
      desk.give({ kind: 'vouch', target: NEO, requestId, voucher });
    expect(vouch(NEO).refusal).toBe('not_in_electorate');
    expect(vouch(A, 'r0').refusal).toBe('unknown_proposal');
    for (const voucher of [A, A, B]) {
      vouch(voucher);
    }
    expect(desk.state.members.get(NEO)?.tier).toBe('neophyte');
    expect(vouch(C).kinds).toEqual(['promoted', 'electorate']);
    expect(desk.state.members.get(NEO)?.tier).toBe('member');
  });

  it('MB-03: a full sync promotes nobody', () => {
    const desk = hive(B, D);
    desk.give({ kind: 'sync', from: B, members: [{ peer: NEO, tier: 'neophyte' }] });
    desk.give({ kind: 'sync', from: D, members: [{ peer: NEO, tier: 'member' }] });
    expect(desk.refusal).toBe('not_in_electorate');
    expect(desk.state.members.get(NEO)?.tier).toBe('neophyte');
  });

  it('one member cannot fill the hive with neophytes', () => {
    const desk = hive(B);
    const members = Array.from({ length: 904 }, (_, index) => ({
      peer: node(1000 + index),
      tier: 'member' as const,
    }));
    desk.give({ kind: 'sync', from: B, members });
    expect(desk.state.members.size).toBe(7);
    expect(desk.kinds).not.toContain('electorate');
    expect(hive().give({ kind: 'sync', from: B, members }).refusal).toBe('not_a_member');
  });
});

describe('bans', () => {
  const propose = (desk: Desk, target: NodeId, proposer: NodeId, proposalId = 'p1') =>
    desk.give({ kind: 'propose_ban', proposalId, target, proposer });
  const vote = (desk: Desk, voter: NodeId, word: 'approve' | 'reject' = 'approve') =>
    desk.give({ kind: 'vote_ban', proposalId: 'p1', voter, vote: word });

  it('MB-06: silence is no consent, however long', () => {
    const desk = propose(hive(B, C, D), B, A);
    desk.now += 6 * 86_400_000;
    desk.give({ kind: 'tick' });
    desk.now += 2 * 86_400_000;
    desk.give({ kind: 'tick' });
    expect(desk.state.members.has(B)).toBe(true);
    expect(vote(desk, C).refusal).toBe('unknown_proposal');
  });

  it('MB-04: who is banned returns by no way', () => {
    const desk = propose(hive(B, C, D), B, A);
    expect(vote(desk, C).kinds).toEqual(['banned', 'removed', 'electorate']);
    desk.give({ kind: 'sync', from: D, members: [{ peer: B, tier: 'member' }] });
    expect(desk.refusal).toBe('banned');
    expect(desk.give(hello(B)).refusal).toBe('banned');
    expect(desk.give(attest(B)).refusal).toBe('unsolicited');
    expect(desk.state.members.has(B)).toBe(false);
  });

  it('members who left do not make the electorate smaller, newcomers do not make it greater', () => {
    const desk = propose(hive(B, C, D, NEO), B, A);
    desk.give({ kind: 'leave', member: C }).give({ kind: 'leave', member: D });
    expect(desk.state.members.has(B)).toBe(true);
    expect(desk.state.proposals.get('p1')?.electorate).toHaveLength(4);
    expect(vote(desk, node(77)).refusal).toBe('not_in_electorate');
    expect(vote(desk, B).refusal).toBe('not_in_electorate');
  });

  it('tallies alike in every order and with every copy', () => {
    const words = fc.array(
      fc.tuple(fc.constantFrom(A, C, D, NEO, B), fc.constantFrom('approve', 'reject')),
      { maxLength: 12 },
    );
    const shuffled = words.chain((list) =>
      fc.tuple(
        fc.constant(list),
        fc.shuffledSubarray([...list, ...list], { minLength: list.length * 2 }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([first, second]) => {
        const run = (list: typeof first): boolean => {
          const desk = propose(hive(B, C, D, NEO), B, A);
          for (const [voter, word] of list) {
            vote(desk, voter, word);
          }
          return desk.state.bans.has(B);
        };
        const yes = new Set([A]);
        for (const [voter, word] of first) {
          if (word === 'approve' && voter !== B) {
            yes.add(voter);
          }
        }
        expect(run(first)).toBe(yes.size >= 3);
        expect(run(second)).toBe(yes.size >= 3);
      }),
    );
  });

  it('bounds what a member can open', () => {
    const desk = hive(B, C, D);
    for (let i = 0; i < 6; i += 1) {
      propose(desk, C, B, `p${i}`);
    }
    expect(desk.refusal).toBe('bound_reached');
    expect(propose(desk, C, NEO, 'x').refusal).toBe('not_a_member');
    expect(propose(desk, D, D, 'y').refusal).toBe('self');
  });
});
