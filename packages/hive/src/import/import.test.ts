import type { NodeId } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ImportPlan,
  importMembership,
  importVersions,
  newFleetState,
  newMembership,
  ORIGINAL_TABLES,
  type OriginalRows,
  planImport,
} from '../index.ts';

const node = (index: number): NodeId => `02${index.toString(16).padStart(64, '0')}` as NodeId;
const [SELF, B, C] = [1, 2, 3].map(node) as [NodeId, NodeId, NodeId];
const NOW = 1_795_000_000;
const member = (peer: NodeId, tier = 'member', metadata: unknown = null) => ({
  peer_id: peer,
  tier,
  joined_at: 5n,
  metadata,
});
const rows = (more: OriginalRows = {}): OriginalRows => ({
  hive_members: [member(SELF, 'member', '{"hive_id":"h1"}'), member(B), member(C, 'neophyte')],
  hive_state: [],
  ...more,
});
const plan = (more: OriginalRows = {}): ImportPlan => {
  const made = planImport(rows(more), SELF, NOW);
  if ('refused' in made) {
    throw new Error(made.refused);
  }
  return made;
};
const refused = (all: OriginalRows): string | undefined => {
  const made = planImport(all, SELF, NOW);
  return 'refused' in made ? made.refused : undefined;
};

describe('what an original’s rows come to', () => {
  it('refuses as a whole what is not this node’s hive', () => {
    expect(refused({})).toBe('not_an_original');
    expect(refused({ hive_members: [member(B)], hive_state: [] })).toBe('other_node');
    const many = Array.from({ length: 51 }, (_, index) => member(node(index + 1)));
    expect(refused({ hive_members: many, hive_state: [] })).toBe('too_many_members');
    expect(plan({ hive_members: [member(SELF)] }).hiveId).toBe('hive');
    for (const metadata of ['{"hive_id":7}', '{', '['.repeat(100_000), '{"__proto__":{}}', 5]) {
      expect(plan({ hive_members: [member(SELF, 'member', metadata)] }).hiveId).toBe('hive');
    }
  });

  it('never throws, and takes no more than is well-formed, whatever the rows hold', () => {
    const value = fc.oneof(
      fc.constantFrom(SELF, B, C, 'approve', 'pending', 'standard', 'forwarded', null, -1n),
      fc.bigInt(),
      fc.double(),
      fc.string(),
      fc.uint8Array(),
    );
    const table = (columns: readonly string[]) =>
      fc.array(fc.record(Object.fromEntries(columns.map((column) => [column, value]))), {
        maxLength: 4,
      });
    const all = fc.record(
      Object.fromEntries(
        Object.entries(ORIGINAL_TABLES).map(([name, columns]) => [name, table(columns)]),
      ),
    );
    fc.assert(
      fc.property(all, (found) => {
        const made = planImport({ ...found, hive_members: rows().hive_members ?? [] }, SELF, NOW);
        if ('refused' in made) {
          return false;
        }
        const membership = importMembership(newMembership(SELF), made);
        const fleet = importVersions(newFleetState(SELF), made);
        return !('refused' in membership) && Number.isSafeInteger(fleet.ownVersion);
      }),
    );
  });

  it('bans win over members, and what the node knows itself wins over the file', () => {
    const banned = plan({ hive_bans: [{ peer_id: B, banned_at: 5, expires_at: null }] });
    expect(banned.members.map(({ peer }) => peer)).toEqual([SELF, C]);
    const own = {
      ...newMembership(SELF),
      hiveId: 'h1',
      bans: new Map([[C, { at: 1, words: new Map() }]]),
      members: new Map([[B, { tier: 'neophyte' as const, joinedAt: 9 }]]),
    };
    const merged = importMembership(own, plan());
    expect('refused' in merged ? [] : [...merged.members]).toEqual([
      [B, { tier: 'neophyte', joinedAt: 9 }],
      [SELF, { tier: 'member', joinedAt: 5 }],
    ]);
    expect(importMembership({ ...own, hiveId: 'h2' }, plan())).toEqual({ refused: 'other_hive' });
  });

  it('versions go on above what was sent, and absurd ones are left', () => {
    const state = (peer: NodeId, version: bigint) => ({ peer_id: peer, version, last_gossip: 7n });
    const made = plan({ hive_state: [state(SELF, 41n), state(B, 17n), state(C, 1n << 50n)] });
    const fleet = importVersions({ ...newFleetState(SELF), ownVersion: 5 }, made);
    expect(fleet.ownVersion).toBe(41 + 288);
    expect([...fleet.hearsay]).toEqual([[B, { version: 17, lastUpdate: 7, from: SELF }]]);
    expect(importVersions(fleet, made).ownVersion).toBe(41 + 288);
  });
});
