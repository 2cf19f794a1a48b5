import type { MetaTable } from '@cl-hive/runtime/services';

/** The rows of cl-hive-comms' tables (`migrations.ts`). */
export interface CommsDatabase {
  readonly comms_meta: MetaTable;
  readonly comms_identity: IdentityRow;
}

/** One identity that the node had; the highest version is in use. */
export interface IdentityRow {
  readonly version: number;
  /** Hexadecimal, x only. */
  readonly public_key: string;
  readonly source: 'derived' | 'imported';
  readonly sealed_secret: Uint8Array | null;
  /** Unix milliseconds. */
  readonly created_at: number;
}
