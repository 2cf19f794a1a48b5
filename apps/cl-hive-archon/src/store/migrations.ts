import { pollTables } from '@cl-hive/archon';
import type { Migration } from '@cl-hive/store';
import { depositTables } from '../vault/deposit-tables.ts';
import { vaultTables } from '../vault/vault-tables.ts';

/** The tables of cl-hive-archon, as they grew. */
export const migrations: readonly Migration[] = [
  {
    id: 1,
    name: 'node',
    sql: (ddl) => [
      ddl.table('archon_meta', `key ${ddl.text} primary key`, `value ${ddl.text} not null`),
    ],
  },
  {
    id: 2,
    name: 'identity',
    sql: (ddl) => [
      ddl.table(
        'archon_operations',
        `did ${ddl.text} not null`,
        `sequence ${ddl.integer} not null check (sequence > 0)`,
        `opid ${ddl.text} not null`,
        `registry ${ddl.text} not null`,
        `time ${ddl.text} not null`,
        `operation ${ddl.text} not null`,
        `own ${ddl.integer} not null`,
        'primary key (did, sequence)',
        'unique (opid)',
      ),
      ddl.table(
        'archon_identities',
        `number ${ddl.integer} primary key check (number > 0)`,
        `did ${ddl.text} not null unique`,
        `key_number ${ddl.integer} not null check (key_number > 0)`,
        `sealed ${ddl.blob}`,
        `active ${ddl.integer} not null`,
        `created_ms ${ddl.integer} not null`,
      ),
      'create unique index archon_identities_active on archon_identities (active) where active = 1',
      ddl.table(
        'archon_deliveries',
        `gatekeeper ${ddl.text} not null`,
        `did ${ddl.text} not null`,
        `sequence ${ddl.integer} not null`,
        `attempts ${ddl.integer} not null`,
        `reason ${ddl.text} not null`,
        'primary key (gatekeeper, did)',
      ),
    ],
  },
  {
    id: 3,
    name: 'credentials',
    sql: (ddl) => [
      ddl.table(
        'did_credentials',
        `id ${ddl.text} primary key`,
        `role ${ddl.text} not null`,
        `type ${ddl.text} not null`,
        `issuer ${ddl.text} not null`,
        `subject ${ddl.text} not null`,
        `status_did ${ddl.text} not null`,
        `credential ${ddl.text} not null`,
        `valid_until_ms ${ddl.integer}`,
        `revoked_ms ${ddl.integer}`,
        `reason ${ddl.text} not null`,
        `created_ms ${ddl.integer} not null`,
      ),
      'create index did_credentials_subject on did_credentials (subject, type)',
      ddl.table(
        'archon_issuers',
        `did ${ddl.text} primary key`,
        `management ${ddl.integer} not null`,
        `weight ${ddl.integer} not null`,
      ),
      ddl.table(
        'archon_bindings',
        `did ${ddl.text} not null`,
        `kind ${ddl.text} not null`,
        `key ${ddl.text} not null`,
        `binding ${ddl.text} not null`,
        `created_ms ${ddl.integer} not null`,
        'primary key (did, kind, key)',
      ),
      ddl.table(
        'archon_contacts',
        `did ${ddl.text} primary key`,
        `node ${ddl.text} not null`,
        `nostr ${ddl.text}`,
        `verified_ms ${ddl.integer} not null`,
      ),
    ],
  },
  { id: 4, name: 'polls', sql: (ddl) => pollTables(ddl) },
  { id: 5, name: 'vault', sql: (ddl) => vaultTables(ddl) },
  { id: 6, name: 'deposits', sql: (ddl) => depositTables(ddl) },
];
