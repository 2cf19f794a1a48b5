import type { Migration } from '@cl-hive/store';

/** The tables of cl-hive, as they grew. */
export const migrations: readonly Migration[] = [
  {
    id: 1,
    name: 'node',
    sql: (ddl) => [
      ddl.table('hive_meta', `key ${ddl.text} primary key`, `value ${ddl.text} not null`),
    ],
  },
];
