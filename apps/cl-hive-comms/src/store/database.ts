import type { CommsTables } from '@cl-hive/comms';
import type { MetaTable } from '@cl-hive/runtime/services';
import type { NostrTables } from '../transports/nostr/sql-storage.ts';

/** The rows of cl-hive-comms' tables (`migrations.ts`). */
export interface CommsDatabase extends CommsTables, NostrTables {
  readonly comms_meta: MetaTable;
  readonly comms_identity: IdentityRow;
  /** Advisors' HMAC tokens, sealed under the node's own secret. */
  readonly comms_tokens: { readonly id: string; readonly sealed: Uint8Array };
  /** The newest receipt whose number and digest were published; one row, `id` 1. */
  readonly comms_published: {
    readonly id: number;
    readonly seq: number;
    readonly digest: string;
    readonly at_ms: number;
  };
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
