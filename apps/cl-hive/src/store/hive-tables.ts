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
  // What members say or show of themselves; a row may outlive the membership.
  ddl.table('hive_profiles', `peer_id ${ddl.text} primary key`, `profile ${ddl.text} not null`),
  ddl.table(
    'hive_bans',
    `peer_id ${ddl.text} primary key`,
    `proposal_id ${ddl.text} not null`,
    `reason ${ddl.text} not null`,
    `banned_at ${ddl.integer} not null`,
  ),
  ddl.table(
    'hive_tickets',
    `ticket_id ${ddl.text} primary key`,
    `secret_hash ${ddl.text} not null`,
    `expires_at ${ddl.integer} not null`,
    `used_by ${ddl.text}`,
  ),
  ddl.table(
    'hive_promotions',
    `target ${ddl.text} primary key`,
    `request_id ${ddl.text} not null`,
    `document ${ddl.text} not null`,
  ),
  ddl.table(
    'hive_ban_proposals',
    `proposal_id ${ddl.text} primary key`,
    `document ${ddl.text} not null`,
    `reason ${ddl.text} not null`,
    `proposed_at ${ddl.integer} not null`,
  ),
  // Signed messages as they came: vouches, ban proposals and votes, for those who were away.
  ddl.table(
    'hive_evidence',
    `kind ${ddl.text} not null`,
    `subject ${ddl.text} not null`,
    `signer ${ddl.text} not null`,
    `message ${ddl.text} not null`,
    `payload ${ddl.text} not null`,
    'primary key (kind, subject, signer)',
  ),
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
