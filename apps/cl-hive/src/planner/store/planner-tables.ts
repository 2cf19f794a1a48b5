import type { Generated, Migration } from '@cl-hive/store';

/** Rows of the planner's tables. */
export interface PlannerTables {
  readonly hive_planner_log: {
    readonly id: Generated<number>;
    /** Unix seconds, as in the original. */
    readonly timestamp: number;
    readonly action_type: string;
    readonly target: string | null;
    readonly result: string;
    /** JSON. */
    readonly details: string | null;
  };
  readonly hive_planner_cycles: {
    readonly id: Generated<number>;
    readonly at_ms: number;
    readonly height: number;
    readonly trigger: string;
    readonly digest: string;
    readonly snapshot: Uint8Array;
    readonly plan: Uint8Array;
    readonly bytes: number;
  };
  readonly planner_ignored_peers: {
    readonly peer_id: string;
    readonly reason: string;
    /** Unix seconds. */
    readonly ignored_at: number;
    readonly expires_at: number | null;
  };
  /** Targets whose CLBOSS tag the planner set itself. */
  readonly hive_planner_guards: { readonly peer_id: string; readonly since_ms: number };
  readonly hive_planner_orders: {
    readonly client_order_id: string;
    readonly seq: number;
    /** JSON of the order, of its status in the book, and of what was seen of it. */
    readonly entry: string;
    readonly seen: string;
    /** 1 where nothing more becomes of it. */
    readonly over: number;
    readonly submitted_ms: number;
  };
  readonly hive_planner_targets: {
    readonly peer_id: string;
    readonly refusals: number;
    readonly last_refused_ms: number | null;
    readonly opened: number;
    readonly failed: number;
    readonly touched_ms: number;
  };
  /** One JSON value by name. */
  readonly hive_planner_state: { readonly key: string; readonly value: string };
}

/** The planner's tables. */
export const plannerTables: Migration['sql'] = (ddl) => [
  ddl.table(
    'hive_planner_log',
    `id ${ddl.serialKey}`,
    `timestamp ${ddl.integer} not null`,
    `action_type ${ddl.text} not null`,
    `target ${ddl.text}`,
    `result ${ddl.text} not null`,
    `details ${ddl.text}`,
  ),
  'create index hive_planner_log_at on hive_planner_log (timestamp, id)',
  ddl.table(
    'hive_planner_cycles',
    `id ${ddl.serialKey}`,
    `at_ms ${ddl.integer} not null`,
    `height ${ddl.integer} not null`,
    `trigger ${ddl.text} not null`,
    `digest ${ddl.text} not null`,
    `snapshot ${ddl.blob} not null`,
    `plan ${ddl.blob} not null`,
    `bytes ${ddl.integer} not null`,
  ),
  ddl.table(
    'planner_ignored_peers',
    `peer_id ${ddl.text} primary key`,
    `reason ${ddl.text} not null`,
    `ignored_at ${ddl.integer} not null`,
    `expires_at ${ddl.integer}`,
  ),
  ddl.table(
    'hive_planner_guards',
    `peer_id ${ddl.text} primary key`,
    `since_ms ${ddl.integer} not null`,
  ),
  ddl.table(
    'hive_planner_orders',
    `client_order_id ${ddl.text} primary key`,
    `seq ${ddl.integer} not null`,
    `entry ${ddl.text} not null`,
    `seen ${ddl.text} not null`,
    `over ${ddl.integer} not null`,
    `submitted_ms ${ddl.integer} not null`,
  ),
  ddl.table(
    'hive_planner_targets',
    `peer_id ${ddl.text} primary key`,
    `refusals ${ddl.integer} not null`,
    `last_refused_ms ${ddl.integer}`,
    `opened ${ddl.integer} not null`,
    `failed ${ddl.integer} not null`,
    `touched_ms ${ddl.integer} not null`,
  ),
  ddl.table('hive_planner_state', `key ${ddl.text} primary key`, `value ${ddl.text} not null`),
];
