import { CodedError, type Msat } from '@cl-hive/core';
import type { LedgerEntry, LedgerState } from './entry.ts';

/** What became of a reservation. */
export type LedgerChange =
  | { readonly to: 'settled'; readonly leftMsat: Msat }
  | { readonly to: 'released' }
  | { readonly to: 'unknown' };

const NEXT: Readonly<Record<LedgerState, readonly LedgerState[]>> = {
  reserved: ['settled', 'released', 'unknown'],
  unknown: ['settled', 'released'],
  settled: [],
  released: [],
};

/**
 * Moves an entry on. Repeating the last change gives the same entry; a change of what is settled or
 * released, and unknown turned back, throw CodedError `ledger_state`. Settling more than was reserved
 * is recorded as it is: it happened.
 */
export function changeEntry(entry: LedgerEntry, change: LedgerChange, now: number): LedgerEntry {
  const repeated =
    entry.state === change.to && (change.to !== 'settled' || change.leftMsat === entry.amountMsat);
  if (repeated) {
    return entry;
  }
  if (!NEXT[entry.state].includes(change.to)) {
    throw new CodedError(
      'ledger_state',
      `the reservation of intent ${entry.intent} is ${entry.state} and cannot become ${change.to}`,
      { remedy: 'read the ledger again' },
    );
  }
  return change.to === 'settled'
    ? { ...entry, state: 'settled', amountMsat: change.leftMsat, atGuardMs: now }
    : { ...entry, state: change.to };
}
