import type { Msat } from '@cl-hive/core';

/** Which power an entry uses: money that leaves, or capacity that is closed. */
export type LedgerPower = 'spend' | 'close' | 'force_close';

/** Reserved before the effect; then settled, released, or unknown until it is reconciled. */
export type LedgerState = 'reserved' | 'settled' | 'released' | 'unknown';

/** What money left for, by which method, to whom; in history and in limits by purpose. */
export interface PaymentNote {
  /** How it leaves: a method of orders, or `keysend`, `onchain`, `rebalance` of advisors' actions. */
  readonly method: string;
  readonly purpose: string;
  readonly payee: string | undefined;
  /** What the payee's side knows it by, such as a payment hash. */
  readonly reference: string | undefined;
}

/** One reservation and what became of it. One intent has at most one entry for each power. */
export interface LedgerEntry {
  readonly intent: number;
  readonly power: LedgerPower;
  /** The advisor's id; the operator's own payments have one too. */
  readonly principal: string;
  /** The grant whose power it uses; undefined when a person approved it beyond every grant. */
  readonly grant: number | undefined;
  /** Undefined where no money leaves. */
  readonly payment: PaymentNote | undefined;
  /** Reserved: amount and highest fee. Settled: what really left. In msat. */
  readonly amountMsat: Msat;
  readonly state: LedgerState;
  /** Guard time in ms of the reservation, or of the settlement once it is settled. */
  readonly atGuardMs: number;
}

/**
 * Whether an entry counts against a window that ends at `now`: what is reserved or unknown always
 * does, since it may leave at any moment; what is settled does from when it left.
 */
export function countsInWindow(entry: LedgerEntry, windowMs: number, now: number): boolean {
  switch (entry.state) {
    case 'reserved':
    case 'unknown':
      return true;
    case 'settled':
      return entry.atGuardMs > now - windowMs;
    case 'released':
      return false;
  }
}
