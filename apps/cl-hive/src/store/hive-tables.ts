import type { Migration } from '@cl-hive/store';

type Sql = Migration['sql'];

/** Who is in the hive, who is banned, and what is being decided about members. */
export const membershipTables: Sql = (ddl) => [
  ddl.table(
    'hive_members',
    `peer_id ${ddl.text} primary key`,
    `tier ${ddl.text} not null`,
    `joined_at ${ddl.integer} not null`,
    `sponsor ${ddl.text}`,
  ),
  // Bans, departures, promotions, admissions, tickets, requests and proposals, as JSON documents.
  ddl.table(
    'hive_membership',
    `kind ${ddl.text} not null`,
    `key ${ddl.text} not null`,
    `document ${ddl.text} not null`,
    'primary key (kind, key)',
  ),
  // What this node saw of each member: presence and forwards by day, as a JSON document.
  ddl.table('hive_records', `peer_id ${ddl.text} primary key`, `document ${ddl.text} not null`),
];

/** What members say of their channels, each under its author's signature. */
export const stateTables: Sql = (ddl) => [
  ddl.table(
    'hive_states',
    `peer_id ${ddl.text} primary key`,
    `version ${ddl.integer} not null`,
    `payload ${ddl.text} not null`,
  ),
  ddl.table(
    'hive_quarantined',
    `peer_id ${ddl.text} primary key`,
    `first ${ddl.text} not null`,
    `second ${ddl.text} not null`,
  ),
];

/** What is on its way, and what was handled. */
export const deliveryTables: Sql = (ddl) => [
  ddl.table(
    'hive_outbox',
    `peer_id ${ddl.text} not null`,
    `event_id ${ddl.text} not null`,
    `name ${ddl.text} not null`,
    `payload ${ddl.text} not null`,
    `queued_at ${ddl.integer} not null`,
    `due_at ${ddl.integer} not null`,
    `attempts ${ddl.integer} not null`,
    'primary key (peer_id, event_id)',
  ),
  ddl.table(
    'hive_seen',
    `origin ${ddl.text} not null`,
    `event_id ${ddl.text} not null`,
    `seen_at ${ddl.integer} not null`,
    'primary key (origin, event_id)',
  ),
];
