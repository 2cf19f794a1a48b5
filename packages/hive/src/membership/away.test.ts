import type { NodeId } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import {
  type Epoch,
  epochChange,
  firstEpoch,
  type Member,
  type Membership,
  type MembershipCommand,
  type MembershipInput,
  newMembership,
  removalElectorate,
  type SignedWord,
  stepMembership,
} from '../index.ts';

const node = (index: number): NodeId => `02${index.toString(16).padStart(64, '0')}` as NodeId;
const [A, B, C, D, NEO] = [1, 2, 3, 4, 5].map(node) as [NodeId, NodeId, NodeId, NodeId, NodeId];
const NOW = 1_795_000_000_000;
const SECONDS = NOW / 1000;

function hive(
  self: NodeId,
  members: readonly NodeId[],
  neophytes: readonly NodeId[] = [],
): Membership {
  const at = { joinedAt: SECONDS - 1000 };
  return {
    ...newMembership(self),
    hiveId: 'h1',
    members: new Map<NodeId, Member>([
      ...members.map((one) => [one, { tier: 'member', ...at }] as const),
      ...neophytes.map((one) => [one, { tier: 'neophyte', ...at }] as const),
    ]),
  };
}
function give(
  state: Membership,
  ...inputs: readonly MembershipInput[]
): { readonly state: Membership; readonly commands: readonly MembershipCommand[] } {
  let step: ReturnType<typeof stepMembership> = { state, commands: [] };
  for (const input of inputs) {
    step = stepMembership(step.state, input, NOW);
  }
  return step;
}
const word = (name: SignedWord['name'], by: NodeId): SignedWord => ({ name, raw: { by } });
const proposal: MembershipInput = {
  kind: 'propose_ban',
  proposalId: 'p1',
  target: D,
  proposer: A,
  word: word('BAN_PROPOSAL', A),
};
const vote = (voter: NodeId): MembershipInput => ({
  kind: 'vote_ban',
  proposalId: 'p1',
  voter,
  vote: 'approve',
  word: word('BAN_VOTE', voter),
});
const list = (from: NodeId, ...members: readonly [NodeId, 'member' | 'neophyte', number?][]) =>
  ({
    kind: 'sync',
    from,
    members: members.map(([peer, tier, joinedAt]) => ({
      peer,
      tier,
      ...(joinedAt === undefined ? {} : { joinedAt }),
    })),
  }) as const;
const told = (commands: readonly MembershipCommand[]): readonly SignedWord[] =>
  commands.flatMap((one) => (one.kind === 'send_words' ? one.words : []));
const refusals = (commands: readonly MembershipCommand[]): readonly string[] =>
  commands.flatMap((one) => (one.kind === 'refused' ? [one.code] : []));

describe('what members that were away are told', () => {
  it('a ban, by the signed words that made it, when a list still has the banned node', () => {
    const banned = give(hive(A, [A, B, C, D]), proposal, vote(B)).state;
    expect(banned.bans.get(D)?.words.size).toBe(2);
    const { state, commands } = give(banned, list(C, [D, 'member']));
    expect(state.members.has(D)).toBe(false);
    expect(told(commands)).toEqual([word('BAN_PROPOSAL', A), word('BAN_VOTE', B)]);
    // The proposer's own vote, which originals send beside the proposal, does not take its place.
    const both = give(hive(A, [A, B, C, D]), proposal, vote(A), vote(B)).state;
    expect(told(give(both, list(C, [D, 'member'])).commands)).toEqual(told(commands));
    // C hears the words and comes to the same ban.
    const away = give(hive(C, [A, B, C, D]), proposal, vote(B)).state;
    expect(away.bans.has(D)).toBe(true);
  });

  it('a ban of a smaller hive, by the certified epochs, and by no time its proposer states', () => {
    const before: Epoch = { ...firstEpoch([A, B, C, D]), number: 7 };
    const after: Epoch = { ...before, number: 8, members: [A, B, C] };
    const grown: Epoch = { ...before, number: 9, members: [A, B, C, NEO, node(8), node(9)] };
    const electorate = removalElectorate([grown, before, after], D);
    expect(electorate).toEqual([A, B, C]);
    expect(removalElectorate([before], D)).toBeUndefined();
    expect(removalElectorate([before, after, { ...grown, members: [A, D] }], D)).toBeUndefined();
    expect(removalElectorate([after, grown], D)).toBeUndefined();
    const now = hive(C, [A, B, C, NEO, node(8), node(9)], [D]);
    expect(give(now, proposal, vote(B)).state.bans.has(D)).toBe(false);
    const proven = give(now, { ...proposal, electorate: electorate ?? [] }, vote(B)).state;
    expect(proven.bans.has(D)).toBe(true);
  });

  it('one member alone proves no ban, whoever it says it is', () => {
    const now = hive(C, [A, B, C, D]);
    expect(give(now, proposal, vote(A), vote(A)).state.bans.size).toBe(0);
    expect(give(now, { ...proposal, electorate: [B] }, vote(A)).state.bans.size).toBe(0);
    expect(give(now, { ...proposal, from: A }).state.bans.size).toBe(0);
  });

  it('bans of before its time, to a newcomer by who took it in, and by nobody else', () => {
    const member = give(hive(A, [A, B, C, D]), proposal, vote(B)).state;
    const hello = {
      kind: 'hello',
      from: NEO,
      hasChannel: true,
      nonce: 'n',
      autoJoin: true,
    } as const;
    const attest = { kind: 'attest', from: NEO, nonce: 'n', signaturesValid: true } as const;
    expect(told(give(member, hello, attest).commands)).toEqual([word('BAN_PROPOSAL', A)]);
    const newcomer = give(
      newMembership(NEO),
      { kind: 'join', peer: B },
      { kind: 'challenge', from: B, nonce: 'n', hiveId: 'h1' },
      { kind: 'welcome', from: B, hiveId: 'h1', tier: 'neophyte' },
    ).state;
    expect(give(newcomer, { ...proposal, from: A }).state.bans.has(D)).toBe(false);
    const { state } = give(newcomer, { ...proposal, from: B });
    expect(state.bans.has(D)).toBe(true);
    expect(refusals(give(state, list(B, [D, 'member'])).commands)).toEqual(['banned']);
  });

  it('the electorate does not shrink while a proposal is on its way', () => {
    const left = { kind: 'leave', member: node(8), at: SECONDS } as const;
    const late = (at: number) =>
      give(hive(C, [A, B, C, D, node(8), node(9)]), left, { ...proposal, at }).state;
    expect(late(SECONDS - 60).proposals.get('p1')?.electorate).toHaveLength(5);
    expect(late(SECONDS + 60).proposals.get('p1')?.electorate).toHaveLength(4);
    // An early time makes electors more, never fewer.
    expect(late(0).proposals.get('p1')?.electorate).toHaveLength(5);
  });

  it('a leaving: a stale list does not bring the node back, joining anew does', () => {
    const left = { kind: 'leave', member: D, at: SECONDS, word: word('MEMBER_LEFT', D) } as const;
    const { state } = give(hive(A, [A, B, C, D]), left);
    const stale = give(state, list(B, [D, 'member', SECONDS - 1000]));
    expect(stale.state.members.has(D)).toBe(false);
    expect(refusals(stale.commands)).toEqual(['departed']);
    expect(told(stale.commands)).toEqual([word('MEMBER_LEFT', D)]);
    const fresh = give(state, list(B, [D, 'neophyte', SECONDS + 60]));
    expect(fresh.state.members.get(D)?.tier).toBe('neophyte');
    // A copy of the old leaving does not remove who joined again.
    expect(give(fresh.state, { ...left, at: SECONDS - 3600 }).state.members.has(D)).toBe(true);
  });

  it('a promotion, by its vouches, to a list that has the old tier', () => {
    const vouch = (voucher: NodeId) =>
      ({
        kind: 'vouch',
        target: NEO,
        requestId: 'r1',
        voucher,
        word: word('VOUCH', voucher),
      }) as const;
    const { state } = give(
      hive(A, [A, B, C], [NEO]),
      { kind: 'request_promotion', target: NEO, requestId: 'r1' },
      vouch(A),
      vouch(B),
    );
    expect(state.members.get(NEO)?.tier).toBe('member');
    const words = told(give(state, list(C, [NEO, 'neophyte'])).commands);
    expect(words).toEqual([word('VOUCH', A), word('VOUCH', B)]);
    // C has no open request: the vouches open it.
    const away = give(hive(C, [A, B, C], [NEO]), vouch(A), vouch(B)).state;
    expect(away.members.get(NEO)?.tier).toBe('member');
    // A vouch of a stranger opens none, and a second request id does not reset an open one.
    expect(give(hive(C, [A, B, C], [NEO]), vouch(node(99))).state.promotions.size).toBe(0);
    const other = give(hive(C, [A, B, C], [NEO]), vouch(A), { ...vouch(B), requestId: 'r2' });
    expect(other.state.promotions.get(NEO)?.vouches.size).toBe(1);
  });

  it('certified epochs, which ban nobody and let no banned node back', () => {
    const before = firstEpoch([A, B, C, D]);
    const after: Epoch = { ...before, number: 2, members: [A, B, C, NEO] };
    expect(epochChange(before, after)).toEqual({ added: [NEO], removed: [D] });
    const followed = give(hive(C, [A, B, C, D], [NEO]), {
      kind: 'epoch',
      ...epochChange(before, after),
    }).state;
    expect([...followed.members].map(([one, { tier }]) => [one, tier])).toEqual([
      [A, 'member'],
      [B, 'member'],
      [C, 'member'],
      [NEO, 'member'],
    ]);
    const banned = give(hive(C, [A, B, C, D]), proposal, vote(B)).state;
    const back = give(banned, { kind: 'epoch', added: [D], removed: [C] });
    expect(refusals(back.commands)).toEqual(['banned']);
    expect([...back.state.members.keys()]).toEqual([A, B, C]);
    expect(
      give(newMembership(A), { kind: 'epoch', added: [D], removed: [] }).state.members.size,
    ).toBe(0);
  });

  it('forgets the oldest departures, and answers a list with few words', () => {
    let state = hive(A, [A, B]);
    for (let index = 0; index < 1001; index += 1) {
      const one = node(1000 + index);
      const members = new Map(state.members).set(one, { tier: 'neophyte', joinedAt: 0 });
      const left = { kind: 'leave', member: one, word: word('MEMBER_LEFT', one) } as const;
      state = stepMembership({ ...state, members }, left, NOW).state;
    }
    expect(state.departures.size).toBe(1000);
    const listed = Array.from(
      { length: 904 },
      (_, index) => [node(1500 + index), 'member', 1] as [NodeId, 'member', number],
    );
    expect(told(give(state, list(B, ...listed)).commands)).toHaveLength(100);
  });
});

describe('joining by a person’s word', () => {
  it('lets a candidate in that shows no ticket, until the time is over', () => {
    const hello = {
      kind: 'hello',
      from: NEO,
      hasChannel: true,
      nonce: 'n',
      autoJoin: false,
    } as const;
    const admit = (expiresAt: number) => ({ kind: 'admit', peer: NEO, expiresAt }) as const;
    const kinds = (state: Membership) => give(state, hello).commands.map(({ kind }) => kind);
    expect(kinds(hive(A, [A]))).toEqual(['refused']);
    expect(kinds(give(hive(A, [A]), admit(NOW + 1)).state)).toEqual(['send_challenge']);
    expect(kinds(give(hive(A, [A]), admit(NOW)).state)).toEqual(['refused']);
    const banned = give(hive(A, [A, B, C, D]), proposal, vote(B)).state;
    expect(refusals(give(banned, { ...admit(NOW + 1), peer: D }).commands)).toEqual(['banned']);
    expect(refusals(give(hive(A, [B]), admit(NOW + 1)).commands)).toEqual(['not_a_member']);
  });

  it('goes into the hive of the ticket; originals that name none are taken', () => {
    const challenge = (hiveId: string, expected = 'h1') =>
      give(
        newMembership(NEO),
        { kind: 'join', peer: B, hiveId: expected },
        { kind: 'challenge', from: B, nonce: 'n', hiveId },
      ).commands.map(({ kind }) => kind);
    expect(challenge('h1')).toEqual(['send_attest']);
    expect(challenge('h2')).toEqual(['refused']);
    expect(challenge('hive')).toEqual(['send_attest']);
    expect(challenge('h1', 'unknown')).toEqual(['send_attest']);
  });
});
