import type { UnixMs } from '@cl-hive/core';
import type { LedgerEntry } from '../ledger/entry.ts';
import type { PayStop } from '../orders/stop.ts';
import type { TokenUse } from '../price/toll.ts';
import type { ReceiptDraft } from '../receipts/receipt.ts';
import type { Intent } from './intent.ts';

/**
 * What a decision wants stored. All writes of one decision go into one transaction, in their order.
 * `answer` puts the intent's outcome into the outgoing queue, with the last receipt written.
 */
export type Write =
  | { readonly kind: 'nonce'; readonly principal: string; readonly nonce: number }
  | { readonly kind: 'intent'; readonly intent: Intent }
  | { readonly kind: 'ledger'; readonly entry: LedgerEntry }
  | { readonly kind: 'stop'; readonly stop: PayStop }
  | { readonly kind: 'token_use'; readonly use: TokenUse }
  /** Gives back the use that the intent cost. */
  | { readonly kind: 'token_back'; readonly intent: number }
  | { readonly kind: 'receipt'; readonly draft: ReceiptDraft }
  | { readonly kind: 'answer'; readonly intent: number };

/** The time of a decision: the wall clock for what people name, guard time for windows. */
export interface Moment {
  readonly now: UnixMs;
  readonly guardMs: number;
}
