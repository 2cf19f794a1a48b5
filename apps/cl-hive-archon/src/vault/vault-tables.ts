import type { Ddl } from '@cl-hive/store';

/** The tables of the vault and of shared keys. */
export interface VaultTables {
  readonly archon_backups: {
    readonly sequence: number;
    readonly reason: string;
    readonly state: 'begun' | 'done' | 'failed';
    /** Unix ms. */
    readonly at_ms: number;
    readonly name: string;
    readonly bytes: number;
    readonly sha256: string;
    /** Digest of what is looked at for critical changes. */
    readonly critical: string;
    readonly problem: string;
  };
  /** Sharings of this node's shared key; its secret is nowhere but in the shares. */
  readonly archon_share_sets: {
    readonly set_id: string;
    readonly public_key: string;
    readonly threshold: number;
    readonly delay_blocks: number;
    readonly state: 'spreading' | 'active' | 'retired' | 'cancelled';
    readonly at_ms: number;
  };
  readonly archon_share_holders: {
    readonly set_id: string;
    readonly idx: number;
    readonly holder: string;
    readonly state: 'pending' | 'held' | 'refused';
    /** The share until its holder has it, sealed. */
    readonly sealed: Uint8Array | null;
  };
  /** Shares that this node keeps for others. */
  readonly archon_held_shares: {
    readonly set_id: string;
    readonly owner: string;
    readonly idx: number;
    readonly delay_blocks: number;
    readonly holders: string;
    readonly sealed: Uint8Array;
    readonly at_ms: number;
  };
  /** Requests of owners that this node knows of. */
  readonly archon_share_requests: {
    readonly id: string;
    readonly owner: string;
    readonly statement: string;
    readonly height: number;
    readonly state: 'waiting' | 'refused' | 'cancelled' | 'released';
  };
  /** Shares of this node's own key that holders gave back. */
  readonly archon_returned_shares: {
    readonly set_id: string;
    readonly idx: number;
    readonly holder: string;
    readonly sealed: Uint8Array;
  };
  /** Requests that this node made. */
  readonly archon_own_requests: {
    readonly id: string;
    readonly statement: string;
    readonly holders: string;
    readonly state: 'open' | 'cancelled';
    readonly at_ms: number;
  };
}

/** Statements that make them. */
export function vaultTables(ddl: Ddl): readonly string[] {
  const { text, integer, blob } = ddl;
  return [
    ddl.table(
      'archon_backups',
      `sequence ${integer} primary key`,
      `reason ${text} not null`,
      `state ${text} not null`,
      `at_ms ${integer} not null`,
      `name ${text} not null`,
      `bytes ${integer} not null`,
      `sha256 ${text} not null`,
      `critical ${text} not null`,
      `problem ${text} not null`,
    ),
    ddl.table(
      'archon_share_sets',
      `set_id ${text} primary key`,
      `public_key ${text} not null`,
      `threshold ${integer} not null`,
      `delay_blocks ${integer} not null`,
      `state ${text} not null`,
      `at_ms ${integer} not null`,
    ),
    ddl.table(
      'archon_share_holders',
      `set_id ${text} not null references archon_share_sets (set_id)`,
      `idx ${integer} not null`,
      `holder ${text} not null`,
      `state ${text} not null`,
      `sealed ${blob}`,
      'primary key (set_id, idx)',
    ),
    ddl.table(
      'archon_held_shares',
      `set_id ${text} primary key`,
      `owner ${text} not null`,
      `idx ${integer} not null`,
      `delay_blocks ${integer} not null`,
      `holders ${text} not null`,
      `sealed ${blob} not null`,
      `at_ms ${integer} not null`,
    ),
    'create index archon_held_shares_owner on archon_held_shares (owner)',
    ddl.table(
      'archon_share_requests',
      `id ${text} primary key`,
      `owner ${text} not null`,
      `statement ${text} not null`,
      `height ${integer} not null`,
      `state ${text} not null`,
    ),
    ddl.table(
      'archon_returned_shares',
      `set_id ${text} not null`,
      `idx ${integer} not null`,
      `holder ${text} not null`,
      `sealed ${blob} not null`,
      'primary key (set_id, idx)',
    ),
    ddl.table(
      'archon_own_requests',
      `id ${text} primary key`,
      `statement ${text} not null`,
      `holders ${text} not null`,
      `state ${text} not null`,
      `at_ms ${integer} not null`,
    ),
  ];
}
