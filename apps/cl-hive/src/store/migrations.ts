import type { Migration } from '@cl-hive/store';
import { importTables } from '../importing/migration.ts';
import { openingTables } from '../openings/migration.ts';
import { plannerTables } from '../planner/store/planner-tables.ts';
import { deliveryTables, membershipTables, stateTables } from './hive-tables.ts';

/**
 * The tables of cl-hive, as they grew. A part of the plugin that keeps tables of its own has its
 * migration beside its code, numbered on from here.
 */
export const migrations: readonly Migration[] = [
  {
    id: 1,
    name: 'node',
    sql: (ddl) => [
      ddl.table('hive_meta', `key ${ddl.text} primary key`, `value ${ddl.text} not null`),
    ],
  },
  { id: 2, name: 'membership', sql: membershipTables },
  { id: 3, name: 'state', sql: stateTables },
  { id: 4, name: 'delivery', sql: deliveryTables },
  { id: 5, name: 'openings', sql: openingTables },
  { id: 6, name: 'imported', sql: importTables },
  { id: 7, name: 'planner', sql: plannerTables },
];
