import type { Migration, MsatText } from '@cl-hive/store';

/** The tables of the wallet in the database of cl-hive-comms; secrets are sealed. */
export interface CashuTables {
  /** Mints that the operator chose. */
  comms_cashu_mints: {
    url: string;
    private: number;
    /** Why nothing new is begun with it; null: all is well. */
    quarantine: string | null;
    /** Numbers of the NUTs that it said it supports, with commas. */
    nuts: string;
    name: string;
    at_ms: number;
  };
  comms_cashu_keysets: {
    id: string;
    mint: string;
    /** JSON object: public keys by amount in sat. */
    keys: string;
    fee_ppk: number;
    final_expiry_s: number | null;
    active: number;
    /** The first counter that no output has used (NUT-13). */
    counter: number;
    /** Restores of the database up to which the mint was asked for what we might have forgotten. */
    scanned: number | null;
  };
  /** Proofs that can still be spent. */
  comms_cashu_proofs: {
    point: string;
    mint: string;
    keyset: string;
    amount_msat: MsatText;
    /** `unspent`, `held` by an open operation, or `sent`: given to somebody. */
    state: string;
    operation: string | null;
    sealed: Uint8Array;
  };
  comms_cashu_operations: {
    key: string;
    kind: string;
    mint: string;
    state: string;
    amount_msat: MsatText;
    fee_msat: MsatText;
    at_ms: number;
    reason: string;
    sealed: Uint8Array;
  };
}

/** The wallet's tables; the number is that of the plugin's next migration. */
export function cashuMigration(id: number): Migration {
  return {
    id,
    name: 'cashu-wallet',
    sql: (ddl) => [
      ddl.table(
        'comms_cashu_mints',
        `url ${ddl.text} primary key`,
        `private ${ddl.integer} not null`,
        `quarantine ${ddl.text}`,
        `nuts ${ddl.text} not null`,
        `name ${ddl.text} not null`,
        `at_ms ${ddl.integer} not null`,
      ),
      ddl.table(
        'comms_cashu_keysets',
        `id ${ddl.text} primary key`,
        `mint ${ddl.text} not null`,
        `keys ${ddl.text} not null`,
        `fee_ppk ${ddl.integer} not null`,
        `final_expiry_s ${ddl.integer}`,
        `active ${ddl.integer} not null`,
        `counter ${ddl.integer} not null`,
        `scanned ${ddl.integer}`,
      ),
      ddl.table(
        'comms_cashu_proofs',
        `point ${ddl.text} primary key`,
        `mint ${ddl.text} not null`,
        `keyset ${ddl.text} not null`,
        `${ddl.msat('amount_msat')} not null`,
        `state ${ddl.text} not null check (state in ('unspent', 'held', 'sent'))`,
        `operation ${ddl.text}`,
        `sealed ${ddl.blob} not null`,
      ),
      'create index comms_cashu_proofs_mint on comms_cashu_proofs (mint, state)',
      'create index comms_cashu_proofs_operation on comms_cashu_proofs (operation)',
      ddl.table(
        'comms_cashu_operations',
        `key ${ddl.text} primary key`,
        `kind ${ddl.text} not null`,
        `mint ${ddl.text} not null`,
        `state ${ddl.text} not null`,
        `${ddl.msat('amount_msat')} not null`,
        `${ddl.msat('fee_msat')} not null`,
        `at_ms ${ddl.integer} not null`,
        `reason ${ddl.text} not null`,
        `sealed ${ddl.blob} not null`,
      ),
      'create index comms_cashu_operations_state on comms_cashu_operations (state, at_ms)',
    ],
  };
}
