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
];
