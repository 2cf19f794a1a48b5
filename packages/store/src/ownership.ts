/** The plugins that have a database. */
export type Owner = 'cl-hive-comms' | 'cl-hive-archon' | 'cl-hive';

interface Ownership {
  /** Start of the names of the store's own two tables, `<prefix>_store` and `<prefix>_migrations`. */
  readonly prefix: string;
  /** Names of tables; a `*` at the end stands for any rest. */
  readonly tables: readonly string[];
}

/**
 * Which tables each plugin owns. The list is closed: a new table outside these patterns is added here
 * first, so that no two plugins can claim it.
 */
export const OWNERSHIP: Readonly<Record<Owner, Ownership>> = {
  'cl-hive-comms': {
    prefix: 'comms',
    tables: ['nostr_state', 'comms_*', 'management_receipts', 'marketplace_*', 'liquidity_*'],
  },
  'cl-hive-archon': {
    prefix: 'archon',
    tables: ['did_credentials', 'did_reputation_cache', 'archon_*'],
  },
  'cl-hive': {
    prefix: 'hive',
    tables: ['hive_*', 'intent_*', 'plan*', 'settlement_*', 'escrow_*'],
  },
};

/** All owners, in a fixed order. */
export const OWNERS: readonly Owner[] = ['cl-hive-comms', 'cl-hive-archon', 'cl-hive'];

/** The owner of a table, or undefined where none claims it. Names are compared in lower case. */
export function ownerOf(table: string): Owner | undefined {
  const name = table.toLowerCase();
  return OWNERS.find((owner) =>
    OWNERSHIP[owner].tables.some((pattern) =>
      pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
    ),
  );
}

/** The table that says whose database this is. */
export function markTable(owner: Owner): string {
  return `${OWNERSHIP[owner].prefix}_store`;
}

/** The table of the migrations that ran. */
export function migrationsTable(owner: Owner): string {
  return `${OWNERSHIP[owner].prefix}_migrations`;
}
