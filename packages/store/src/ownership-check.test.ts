import { describe, expect, it } from 'vitest';
import type { Migration } from './migration.ts';
import { OWNERS, OWNERSHIP, ownerOf } from './ownership.ts';
import { checkOwnership } from './ownership-check.ts';

const one = (...statements: readonly string[]): Migration[] => [
  { id: 1, name: 'planted', sql: () => statements },
];

describe('OWNERSHIP', () => {
  it.each([
    ['nostr_state', 'cl-hive-comms'],
    ['comms_x', 'cl-hive-comms'],
    ['management_receipts', 'cl-hive-comms'],
    ['marketplace_offers', 'cl-hive-comms'],
    ['liquidity_leases', 'cl-hive-comms'],
    ['did_credentials', 'cl-hive-archon'],
    ['ARCHON_polls', 'cl-hive-archon'],
    ['hive_members', 'cl-hive'],
    ['intent_grants', 'cl-hive'],
    ['plan', 'cl-hive'],
    ['plan_tasks', 'cl-hive'],
    ['settlement_periods', 'cl-hive'],
    ['escrow_tickets', 'cl-hive'],
    ['did_other', undefined],
    ['nostr_state2', undefined],
    ['comms', undefined],
  ])('%s belongs to %s', (table, owner) => {
    expect(ownerOf(table)).toBe(owner);
  });

  it('gives no table to two plugins', () => {
    const patterns = OWNERS.flatMap((owner) =>
      OWNERSHIP[owner].tables.map((pattern) => ({ owner, name: pattern.replace('*', 'x') })),
    );
    for (const { owner, name } of patterns) {
      expect(ownerOf(name)).toBe(owner);
    }
  });
});

describe('checkOwnership', () => {
  it('finds nothing in migrations that keep to their own tables', async () => {
    const migrations: Migration[] = [
      {
        id: 1,
        name: 'tables',
        sql: (ddl) => [
          ddl.table('comms_a', `id ${ddl.serialKey}`, `plan_id ${ddl.text}`, ddl.msat('cap_msat')),
          ddl.table('nostr_state', `a ${ddl.integer} references comms_a (id) on delete cascade`),
          'create unique index comms_by_plan on comms_a (plan_id)',
        ],
      },
      {
        id: 2,
        name: 'rows',
        sql: () => [
          'alter table comms_a add column hive_hint text',
          'insert into comms_a (plan_id) select a from nostr_state where a is distinct from 1',
          'with x as (select id from comms_a) delete from nostr_state where a in (select id from x)',
          "update comms_a set hive_hint = 'from hive_members'",
          'drop table nostr_state',
        ],
      },
    ];
    expect(await checkOwnership('cl-hive-comms', migrations)).toEqual([]);
  });

  it.each([
    ['creates another’s table', 'hive_members', 'create table hive_members (id text)'],
    ['creates a table that nobody owns', 'stray', 'create table stray (id text)'],
    ['creates it in capitals and quotes', 'hive_x', 'create table "HIVE_X" (id text)'],
    ['creates it as a temporary table', 'hive_x', 'create temp table hive_x (id text)'],
    ['creates it from a query', 'stray', 'create table stray as select 1 as x'],
    ['creates a view under another’s name', 'plan', 'create view plan as select 1 as x'],
    ['refers to another’s table', 'hive_x', 'create table comms_b (x text references hive_x (id))'],
    ['reads another’s table', 'hive_x', 'insert into comms_a select id from hive_x'],
    ['reads it in a list', 'hive_x', 'insert into comms_a select a.id from comms_a a, hive_x h'],
    ['reads it in a view', 'hive_x', 'create view comms_v as select * from hive_x'],
    ['writes another’s table', 'hive_x', 'update hive_x set id = 1'],
    ['drops another’s table if it exists', 'hive_x', 'drop table if exists hive_x'],
    ['renames its table to another’s', 'hive_a', 'alter table comms_a rename to hive_a'],
    ['indexes another’s table', 'hive_x', 'create index comms_i on hive_x (id)'],
    [
      'writes it from a trigger',
      'hive_x',
      'create trigger comms_t after insert on comms_a begin insert into hive_x values (1); end',
    ],
    ['names another schema', 'other.comms_a', 'delete from other.comms_a'],
    ['touches the store’s own marks', 'comms_store', "update comms_store set value = 'x'"],
    ['touches the store’s own history', 'comms_migrations', 'delete from comms_migrations'],
  ])('finds a migration that %s', async (_, table, statement) => {
    const planted = one('create table comms_a (id text)', statement);
    const found = await checkOwnership('cl-hive-comms', planted);
    expect(found.map((violation) => violation.table)).toContain(table);
    expect(found[0]?.migration).toBe(1);
  });

  it('finds a statement that does not run', async () => {
    const found = await checkOwnership('cl-hive', one('create table hive_a (x nonsense) strict'));
    expect(found).toMatchObject(
      [{ migration: 1, table: '', reason: /does not run/ }].map((v) => ({
        ...v,
        reason: expect.stringMatching(v.reason),
      })),
    );
  });
});
