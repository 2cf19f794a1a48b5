import { cashuMigration } from '@cl-hive/cashu';
import {
  commsMigrations,
  historyMigration,
  payingMigration,
  pricesMigration,
} from '@cl-hive/comms';
import type { Migration } from '@cl-hive/store';
import { escrowMigration } from '../escrow/escrow-rows.ts';

/** The tables of cl-hive-comms, as they grew. */
export const migrations: readonly Migration[] = [
  {
    id: 1,
    name: 'node-and-identity',
    sql: (ddl) => [
      ddl.table('comms_meta', `key ${ddl.text} primary key`, `value ${ddl.text} not null`),
      ddl.table(
        'comms_identity',
        `version ${ddl.integer} primary key`,
        `public_key ${ddl.text} not null`,
        `source ${ddl.text} not null check (source in ('derived', 'imported'))`,
        `sealed_secret ${ddl.blob}`,
        `created_at ${ddl.integer} not null`,
        `check ((source = 'derived') = (sealed_secret is null))`,
      ),
    ],
  },
  ...commsMigrations,
  {
    id: 4,
    name: 'tokens-and-published-heads',
    sql: (ddl) => [
      ddl.table('comms_tokens', `id ${ddl.text} primary key`, `sealed ${ddl.blob} not null`),
      ddl.table(
        'comms_published',
        `id ${ddl.integer} primary key check (id = 1)`,
        `seq ${ddl.integer} not null`,
        `digest ${ddl.text} not null`,
        `at_ms ${ddl.integer} not null`,
      ),
    ],
  },
  {
    id: 5,
    name: 'nostr-transport',
    sql: (ddl) => [
      ddl.table(
        'comms_nostr_cursors',
        `relay ${ddl.text} primary key`,
        `cursor ${ddl.integer} not null`,
      ),
      ddl.table('comms_nostr_seen', `id ${ddl.text} primary key`, `at_ms ${ddl.integer} not null`),
      'create index comms_nostr_seen_at on comms_nostr_seen (at_ms, id)',
      ddl.table(
        'comms_nostr_outbox',
        `id ${ddl.text} primary key`,
        `created_ms ${ddl.integer} not null`,
        `record ${ddl.text} not null`,
      ),
    ],
  },
  {
    id: 6,
    name: 'identity-hand-over-and-relays',
    sql: (ddl) => [
      `alter table comms_identity add column generation ${ddl.integer} not null default 0`,
      `update comms_identity set generation = 1 where source = 'derived'`,
      `alter table comms_identity add column former_until ${ddl.integer}`,
      `alter table comms_identity add column former_guard_ms ${ddl.integer}`,
      `alter table comms_identity add column announced ${ddl.integer} not null default 1`,
      ddl.table(
        'comms_relays',
        `url ${ddl.text} primary key`,
        `state ${ddl.text} not null check (state in ('added', 'removed'))`,
        `at_ms ${ddl.integer} not null`,
      ),
    ],
  },
  historyMigration(7),
  payingMigration(8),
  cashuMigration(9),
  pricesMigration(10),
  escrowMigration(11),
];
