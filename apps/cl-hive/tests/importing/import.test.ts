import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isCodedError, type NodeId } from '@cl-hive/core';
import { openStore, readForeignSqlite, type Store } from '@cl-hive/store';
import { writeSqliteFile } from '@cl-hive/store/testing';
import { VirtualClock } from '@cl-hive/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Hive } from '../../src/hive.ts';
import { importOriginal } from '../../src/importing/import-original.ts';
import type { HivePorts } from '../../src/ports/ports.ts';
import type { HiveDatabase } from '../../src/store/database.ts';
import { loadHiveState } from '../../src/store/load-hive-state.ts';
import { migrations } from '../../src/store/migrations.ts';

const sql = readFileSync(new URL('../../fixtures/original-database.sql', import.meta.url), 'utf8');
const node = (index: number): NodeId => `02${index.toString(16).padStart(64, '0')}` as NodeId;
const NOW_MS = 1_795_000_000_000;

let folder: string;
let file: string;
let store: Store<HiveDatabase>;
const clock = new VirtualClock(NOW_MS);

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'hive-import-'));
  file = path.join(folder, 'cl_hive.db');
  await writeSqliteFile(file, sql);
  store = await openStore<HiveDatabase>({
    owner: 'cl-hive',
    migrations,
    location: path.join(folder, 'hive.sqlite3'),
    clock,
    log: () => {},
  });
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function hiveOf(self: NodeId): Promise<Hive> {
  const disk: HivePorts['disk'] = {
    commit: (writes) =>
      store.transact(async (tx) => {
        for (const write of writes) {
          await write(tx);
        }
      }),
  };
  const ports = { clock, disk, log: () => {} } as unknown as HivePorts;
  return new Hive(self, ports, { autoJoin: () => false }, await loadHiveState(store.reader, self));
}
const code = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (isCodedError(error) ? error.code : String(error)),
  );

describe("taking over an original's database", () => {
  it('shows what it would take and takes nothing, then takes it, and again the same', async () => {
    const hive = await hiveOf(node(1));
    const shown = await importOriginal(hive, readForeignSqlite, file, true);
    expect(shown).toMatchObject({
      dry_run: true,
      hive_id: 'hive_0123',
      members: [
        { peer_id: node(5), tier: 'member' },
        { peer_id: node(3), tier: 'neophyte' },
        { peer_id: node(2), tier: 'member' },
        { peer_id: node(1), tier: 'member' },
      ],
      bans: [node(4)],
      ban_proposals: [{ proposal_id: 'a'.repeat(32), target_peer_id: node(3), approvals: 0 }],
      intents: 1,
      planner_log: 1,
      contribution_days: 2,
      offers: 1,
    });
    expect(shown['left']).toEqual(
      expect.arrayContaining([
        { table: 'hive_bans', code: 'expired', rows: 1 },
        { table: 'ban_proposals', code: 'reversed_vote', rows: 1 },
        { table: 'ban_proposals', code: 'decided', rows: 1 },
        { table: 'hive_state', code: 'malformed', rows: 1 },
        { table: 'hive_state', code: 'not_a_member', rows: 1 },
        { table: 'contribution_ledger', code: 'malformed', rows: 1 },
        { table: 'settlement_offers', code: 'malformed', rows: 1 },
      ]),
    );
    expect(hive.membership.view().hiveId).toBeUndefined();
    for (let times = 0; times < 2; times += 1) {
      await importOriginal(hive, readForeignSqlite, file, false);
    }
    const stored = await loadHiveState(store.reader, node(1));
    expect(stored.membership.hiveId).toBe('hive_0123');
    expect([...stored.membership.members.keys()].sort()).toEqual([1, 2, 3, 5].map(node));
    expect([...stored.membership.bans.keys()]).toEqual([node(4)]);
    const proposal = stored.membership.proposals.get('a'.repeat(32));
    expect(proposal?.electorate).toEqual([1, 2, 5].map(node));
    expect([...(proposal?.approvals ?? [])]).toEqual([node(1)]);
    expect([...(proposal?.rejections ?? [])]).toEqual([node(5)]);
    expect(stored.fleet.ownVersion).toBe(41 + 288);
    expect(hive.state.fleet.value.hearsay.get(node(2))?.version).toBe(17);
    const kept = await store.reader.selectFrom('hive_imported').select(['kind', 'key']).execute();
    expect(kept.map(({ kind }) => kind).sort()).toEqual(
      ['contribution', 'contribution', 'intent', 'offer', 'planner_log'].sort(),
    );
  });

  it('leaves the original’s database as it is, also while it is in use', async () => {
    const before = readFileSync(file);
    await importOriginal(await hiveOf(node(1)), readForeignSqlite, file, false);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('refuses what is not this node’s, no original’s, another hive’s, or no database', async () => {
    const hive = await hiveOf(node(1));
    const of = (which: string, one = hive): Promise<string> =>
      code(importOriginal(one, readForeignSqlite, which, false));
    expect(await of(file, await hiveOf(node(7)))).toBe('other_node');
    const other = path.join(folder, 'other.db');
    await writeSqliteFile(other, 'create table notes (id integer primary key)');
    expect(await of(other)).toBe('not_an_original');
    expect(await of(path.join(folder, 'none.db'))).toBe('store_missing');
    expect(await of(new URL(import.meta.url).pathname)).toBe('store_not_a_database');
    const two = path.join(folder, 'two.db');
    const mixed = `update hive_members set metadata = '{"hive_id":"h2"}' where tier = 'neophyte';`;
    await writeSqliteFile(two, sql + mixed);
    expect(await of(two)).toBe('hive_unknown');
    await hive.line.run((turn) => hive.membership.apply(turn, { kind: 'genesis', hiveId: 'mine' }));
    expect(await of(file)).toBe('other_hive');
    expect(hive.membership.view().members.size).toBe(1);
  });
});
