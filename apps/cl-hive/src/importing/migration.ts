import type { Migration } from '@cl-hive/store';

/** What was taken over from an original to be read: intents, planner log, contribution, offers. */
export const importTables: Migration['sql'] = (ddl) => [
  ddl.table(
    'hive_imported',
    `kind ${ddl.text} not null`,
    `key ${ddl.text} not null`,
    `document ${ddl.text} not null`,
    'primary key (kind, key)',
  ),
];
