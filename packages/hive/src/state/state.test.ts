import type { NodeId } from '@cl-hive/core';
import { decodeHiveMessage, encodeHiveMessage } from '@cl-hive/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type FleetState,
  fullSyncPages,
  gossipDue,
  type MemberState,
  mergeFullSync,
  mergeState,
  newFleetState,
  trustedStates,
} from '../index.ts';

const node = (index: number): NodeId => `02${index.toString(16).padStart(64, '0')}` as NodeId;
const [SELF, B, D] = [1, 2, 3].map(node) as [NodeId, NodeId, NodeId];
const NOW = 1_795_000_000;

const word = (more: Partial<MemberState> = {}): MemberState => ({
  peer: B,
  version: 5,
  lastUpdate: NOW,
  capacitySat: 1000n,
  availableSat: 500n,
  dataHash: 'x',
  topology: [],
  raw: {},
  ...more,
});
const facts = { isMember: true, publicCapacitySat: 1000n, nowSeconds: NOW };
const after = (state: FleetState, ...words: readonly MemberState[]): FleetState =>
  words.reduce((to, one) => mergeState(to, one, facts).state, state);
const code = (state: FleetState, one: MemberState, more = {}): string => {
  const { verdict } = mergeState(state, one, { ...facts, ...more });
  return verdict.kind === 'refused' ? verdict.code : verdict.kind;
};
const none = newFleetState(SELF);

describe('merging what members say of themselves', () => {
  it('GP-01: no more capacity than the public graph shows, and a tenth', () => {
    expect(code(none, word({ capacitySat: 10n ** 15n }))).toBe('above_public_capacity');
    expect(code(none, word({ capacitySat: 1101n }))).toBe('above_public_capacity');
    expect(code(none, word({ capacitySat: 1100n }))).toBe('taken');
    expect(code(none, word({ availableSat: 1001n }))).toBe('available_above_capacity');
  });

  it('GP-04: never back, also from what was stored', () => {
    const v9 = after(none, word({ version: 9 }));
    expect(code(v9, word({ version: 7 }))).toBe('stale_version');
    const restored: FleetState = { ...newFleetState(SELF), signed: new Map(v9.signed) };
    expect(code(restored, word({ version: 8 }))).toBe('stale_version');
    expect(code(restored, word({ version: 10 }))).toBe('taken');
  });

  it('refuses versions from the future', () => {
    const known = after(none, word());
    expect(code(known, word({ version: 2 ** 50 }))).toBe('version_jump');
    expect(code(none, word({ version: 2 ** 50 }))).toBe('version_jump');
    expect(code(known, word({ version: 5 + 105_121 }))).toBe('version_jump');
  });

  it('GP-06: takes times up to 300 s ahead, and refuses the absurd, in full syncs too', () => {
    const sync = (lastUpdate: number) =>
      mergeFullSync(none, D, [{ peer: B, version: 1, lastUpdate }], {
        isMember: () => true,
        nowSeconds: NOW,
      }).refused;
    expect(code(none, word({ lastUpdate: NOW + 300 }))).toBe('taken');
    for (const time of [NOW + 301, NOW * 1000, 1_099_511_627_776]) {
      expect(code(none, word({ lastUpdate: time }))).toBe('from_the_future');
      expect(sync(time)).toBe('from_the_future');
    }
    expect(code(none, word({ lastUpdate: 0 }))).toBe('too_old');
    expect(code(none, word({ lastUpdate: -1 }))).toBe('too_old');
  });

  it('CK-06: judges no time before its own clock is confirmed', () => {
    expect(code(none, word(), { nowSeconds: undefined })).toBe('from_the_future');
  });

  it('strangers and those who speak for us are refused', () => {
    expect(code(none, word(), { isMember: false })).toBe('not_a_member');
    expect(code(none, word({ peer: SELF }))).toBe('not_the_owner');
  });

  it('GP-18: two words of one version are kept as evidence, and their author is not used', () => {
    const first = after(none, word());
    const { state, verdict } = mergeState(first, word({ dataHash: 'y' }), facts);
    expect(verdict.kind).toBe('equivocation');
    expect(state.quarantined.get(B)?.second.dataHash).toBe('y');
    expect(trustedStates(state)).toEqual([]);
    expect(code(state, word({ version: 6 }))).toBe('quarantined');
  });

  it('comes to the same state in every order and with every copy', () => {
    const words = fc.array(
      fc.record({ peer: fc.constantFrom(B, D), version: fc.integer({ min: 1, max: 20 }) }),
      { maxLength: 12 },
    );
    const orders = words.chain((list) =>
      fc.tuple(
        fc.constant(list),
        fc.shuffledSubarray([...list, ...list], { minLength: 2 * list.length }),
      ),
    );
    fc.assert(
      fc.property(orders, ([first, second]) => {
        const run = (list: typeof first) =>
          new Map(after(none, ...list.map((one) => word(one))).signed);
        expect(run(second)).toEqual(run(first));
      }),
    );
  });
});

describe('full syncs of originals', () => {
  const members = { isMember: () => true, nowSeconds: NOW };

  it('GP-03: one bad entry refuses the whole batch', () => {
    const entry = (peer: NodeId, version: number) => ({ peer, version, lastUpdate: NOW });
    const { state, refused } = mergeFullSync(
      none,
      D,
      [entry(B, 1), entry(node(9), Number.MAX_SAFE_INTEGER), entry(node(8), 1)],
      members,
    );
    expect(refused).toBe('version_jump');
    expect(state).toBe(none);
  });

  it('move nobody else’s state, and cannot silence its owner', () => {
    const known = after(none, word());
    const { state } = mergeFullSync(
      known,
      D,
      [{ peer: B, version: 100_000, lastUpdate: NOW }],
      members,
    );
    expect(state.signed).toBe(known.signed);
    expect(state.hearsay.get(B)?.from).toBe(D);
    expect(code(state, word({ version: 6 }))).toBe('taken');
  });

  it('a node that lost its database goes on from the version that others know', () => {
    const { state } = mergeFullSync(
      none,
      D,
      [{ peer: SELF, version: 41, lastUpdate: NOW }],
      members,
    );
    expect(state.ownVersion).toBe(41);
    const back = mergeFullSync(state, D, [{ peer: SELF, version: 2, lastUpdate: NOW }], members);
    expect(back.state.ownVersion).toBe(41);
  });

  it('GP-13: are split, nothing lost, each page within a message', () => {
    const states = Array.from({ length: 400 }, (_, index) => ({
      peer_id: node(index),
      capacity_sats: 2_100_000_000_000_000n,
      available_sats: 2_100_000_000_000_000n,
      fee_policy: { base_fee: 4_294_967_295, fee_rate: 4_294_967_295 },
      topology: Array.from({ length: 20 }, (_, at) => node(1000 + at)),
      version: 1,
      last_update: NOW,
    }));
    const people = Array.from({ length: 400 }, (_, index) => ({
      peer_id: node(index),
      tier: 'member',
      joined_at: NOW,
      addresses: ['a', 'b', 'c'].map((host) => `${host.repeat(56)}.onion:9735`),
    }));
    const { pages, dropped } = fullSyncPages(states, people);
    expect(dropped).toBe(0);
    expect(pages.flatMap((page) => page.states)).toEqual(states);
    expect(pages.flatMap((page) => page.members)).toEqual(people);
    for (const page of pages) {
      const bytes = encodeHiveMessage('FULL_SYNC', {
        states: page.states,
        fleet_hash: 'f'.repeat(64),
        timestamp: NOW,
        members: page.members,
        sender_id: SELF,
        signature: 'y'.repeat(104),
      });
      expect(bytes.length).toBeLessThanOrEqual(65_535);
      expect(decodeHiveMessage(bytes)).toMatchObject({ ok: true });
    }
    expect(fullSyncPages([{ huge: 'x'.repeat(70_000) }], [])).toMatchObject({ dropped: 1 });
  });
});

describe('when to gossip', () => {
  const own = { capacitySat: 1000n, availableSat: 500n, feePolicy: 'f', topology: 't' };
  it('at a tenth of the capacity, any fee or topology, or the heartbeat', () => {
    expect(gossipDue(undefined, own, 0)).toBe('first');
    expect(gossipDue(own, own, 299_999)).toBeUndefined();
    expect(gossipDue(own, own, 300_000)).toBe('heartbeat');
    expect(gossipDue(own, { ...own, availableSat: 401n }, 0)).toBeUndefined();
    expect(gossipDue(own, { ...own, availableSat: 400n }, 0)).toBe('capacity');
    expect(gossipDue(own, { ...own, capacitySat: 1100n }, 0)).toBe('capacity');
    expect(gossipDue(own, { ...own, feePolicy: 'g' }, 0)).toBe('fees');
    expect(gossipDue(own, { ...own, topology: 'u' }, 0)).toBe('topology');
    expect(gossipDue({ ...own, capacitySat: 0n }, { ...own, capacitySat: 1n }, 0)).toBe('capacity');
  });
});
