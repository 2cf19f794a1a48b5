import type { Migration } from '@cl-hive/store';

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
        'archon_outbox',
        `id ${ddl.serialKey}`,
        `gatekeeper ${ddl.text} not null`,
        `did ${ddl.text} not null`,
        `opid ${ddl.text} not null`,
        `attempts ${ddl.integer} not null`,
        `retry_ms ${ddl.integer} not null`,
        `reason ${ddl.text} not null`,
        'unique (gatekeeper, opid)',
      ),
    ],
  },
];
