import type { Migration } from '@cl-hive/store';

type Sql = Migration['sql'];

/** The intent lock, the orders that ask it, and what waits for a person. */
export const openingTables: Sql = (ddl) => [
  ddl.table(
    'hive_lock',
    `tbl ${ddl.text} not null`,
    `key ${ddl.text} not null`,
    `value ${ddl.text} not null`,
    'primary key (tbl, key)',
  ),
  ddl.table(
    'hive_orders',
    `seq ${ddl.serialKey}`,
    `id ${ddl.text} not null unique`,
    `wish ${ddl.text} not null unique`,
    `state ${ddl.text} not null`,
    // What it is about while it is not over; null after.
    `live ${ddl.text} unique`,
    `done_at ${ddl.integer}`,
    `body ${ddl.text} not null`,
  ),
  'create index hive_orders_done on hive_orders (done_at)',
  ddl.table(
    'hive_pending_actions',
    `id ${ddl.serialKey}`,
    `action_type ${ddl.text} not null`,
    `payload ${ddl.text} not null`,
    `proposed_at ${ddl.integer} not null`,
    `expires_at ${ddl.integer} not null`,
    `status ${ddl.text} not null`,
    `order_id ${ddl.text} not null`,
  ),
  'create index hive_pending_actions_status on hive_pending_actions (status)',
];
