import type { CashuTables } from '@cl-hive/cashu';
import type { CommsTables } from '@cl-hive/comms';
import type { MetaTable } from '@cl-hive/runtime/services';
import type { EscrowTables } from '../escrow/escrow-rows.ts';
import type { NostrTables } from '../transports/nostr/sql-storage.ts';

/** The rows of cl-hive-comms' tables (`migrations.ts`). */
export interface CommsDatabase extends CommsTables, NostrTables, CashuTables, EscrowTables {
  readonly comms_meta: MetaTable;
  readonly comms_identity: IdentityRow;
  /** Advisors' HMAC tokens, sealed under the node's own secret. */
  readonly comms_tokens: { readonly id: string; readonly sealed: Uint8Array };
  /** Relays that the operator added or took out by command. */
  readonly comms_relays: {
    readonly url: string;
    readonly state: 'added' | 'removed';
    readonly at_ms: number;
  };
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
  /** Which derived key, from 1; 0 for an imported one. */
  readonly generation: number;
  readonly sealed_secret: Uint8Array | null;
  /** Unix milliseconds. */
  readonly created_at: number;
  /** Until when messages to the key before it are read: Unix ms for people, guard time in ms. */
  readonly former_until: number | null;
  readonly former_guard_ms: number | null;
  /** 1 once others were told of it. */
  readonly announced: number;
}
