import { isNodeId, type NodeId } from '@cl-hive/core';
import { IMPORT_ROWS_MAX, IMPORT_TEXT_MAX } from '../limits.ts';

/** Tables of the original's database that are read, with their columns; others are left. */
export const ORIGINAL_TABLES = {
  hive_members: ['peer_id', 'tier', 'joined_at', 'metadata'],
  hive_bans: ['peer_id', 'reason', 'reporter', 'banned_at', 'expires_at'],
  ban_proposals: [
    'proposal_id',
    'target_peer_id',
    'proposer_peer_id',
    'reason',
    'proposed_at',
    'expires_at',
    'status',
    'proposal_type',
  ],
  ban_votes: ['proposal_id', 'voter_peer_id', 'vote', 'voted_at'],
  hive_state: ['peer_id', 'version', 'last_gossip'],
  intent_locks: ['id', 'intent_type', 'target', 'initiator', 'timestamp', 'expires_at', 'status'],
  hive_planner_log: ['id', 'timestamp', 'action_type', 'target', 'result', 'details'],
  contribution_ledger: ['peer_id', 'direction', 'amount_sats', 'timestamp'],
  settlement_offers: ['peer_id', 'bolt12_offer', 'registered_at', 'active'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** The name of a table that is read. */
export type OriginalTable = keyof typeof ORIGINAL_TABLES;

/** A row as SQLite gave it; nothing of it is believed. */
export type OriginalRow = Readonly<Record<string, unknown>>;

/** What was read, newest rows first where a table is bounded; absent tables are empty. */
export type OriginalRows = Readonly<Partial<Record<OriginalTable, readonly OriginalRow[]>>>;

/** Why a row was left. */
export type SkipCode =
  | 'malformed'
  | 'over_limit'
  | 'expired'
  | 'not_a_member'
  | 'reversed_vote'
  | 'decided';

/** Rows of one table that were left, and why. */
export interface Skipped {
  readonly table: OriginalTable;
  readonly code: SkipCode;
  readonly rows: number;
}

/** Reads the rows of tables one by one and counts what is left. */
export class RowReader {
  readonly #rows: OriginalRows;
  readonly #skipped = new Map<string, Skipped>();

  constructor(rows: OriginalRows) {
    this.#rows = rows;
  }

  get skipped(): readonly Skipped[] {
    return [...this.#skipped.values()];
  }

  /** What `read` makes of each row of a table; a code instead of a value leaves the row. */
  each<T extends object>(
    table: OriginalTable,
    read: (row: OriginalRow) => T | SkipCode,
  ): readonly T[] {
    const rows = this.#rows[table] ?? [];
    const values: T[] = [];
    for (const [index, row] of rows.entries()) {
      const value = index < IMPORT_ROWS_MAX ? read(row) : 'over_limit';
      if (typeof value === 'string') {
        this.#skip(table, value);
      } else {
        values.push(value);
      }
    }
    return values;
  }

  #skip(table: OriginalTable, code: SkipCode): void {
    const key = `${table}/${code}`;
    const rows = (this.#skipped.get(key)?.rows ?? 0) + 1;
    this.#skipped.set(key, { table, code, rows });
  }
}

/** A node id in a row; the original's are lower-case already. */
export function nodeOf(row: OriginalRow, name: string): NodeId | undefined {
  const value = row[name];
  return isNodeId(value) ? value : undefined;
}

/** A text of bounded length in a row. */
export function textOf(row: OriginalRow, name: string): string | undefined {
  const value = row[name];
  return typeof value === 'string' && value.length <= IMPORT_TEXT_MAX ? value : undefined;
}

/** An integer of 0 or more in a row, exact; SQLite's come as number or bigint. */
export function countOf(row: OriginalRow, name: string): number | undefined {
  const value = row[name];
  const number = typeof value === 'bigint' ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0
    ? number
    : undefined;
}
