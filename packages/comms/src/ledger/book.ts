import { CodedError, type Msat } from '@cl-hive/core';
import type { GrantUse } from '../policy/facts.ts';
import { type Cap, type CapUse, capCovers } from './cap.ts';
import { countsInWindow, type LedgerEntry, type LedgerPower } from './entry.ts';
import { judgeReserve, type ReserveVerdict } from './reserve.ts';
import { changeEntry, type LedgerChange } from './transition.ts';

/** All entries of a ledger, by {@link ledgerKey}. The store's repository answers the same questions in SQL. */
export type LedgerBook = ReadonlyMap<string, LedgerEntry>;

/** The key of an entry. */
export function ledgerKey(intent: number, power: LedgerPower): string {
  return `${intent}/${power}`;
}

/** What counts against a cap at `now`. */
export function capUse(book: LedgerBook, cap: Cap, now: number): CapUse {
  let used = 0n;
  for (const entry of cap.windowMs === 0 ? [] : book.values()) {
    if (capCovers(cap, entry) && countsInWindow(entry, cap.windowMs, now)) {
      used += entry.amountMsat;
    }
  }
  return { cap, usedMsat: used as Msat };
}

/** What each grant used of its powers over its life. */
export function grantUse(book: LedgerBook): ReadonlyMap<number, GrantUse> {
  const uses = new Map<number, { spend: bigint; close: bigint; forceClose: bigint }>();
  for (const { grant, power, state, amountMsat } of book.values()) {
    if (grant === undefined || state === 'released') {
      continue;
    }
    const use = uses.get(grant) ?? { spend: 0n, close: 0n, forceClose: 0n };
    use[power === 'force_close' ? 'forceClose' : power] += amountMsat;
    uses.set(grant, use);
  }
  return uses as ReadonlyMap<unknown, unknown> as ReadonlyMap<number, GrantUse>;
}

/** Reserves amount and fee under the caps, or says which cap is in the way; the book is never changed in place. */
export function reserve(
  book: LedgerBook,
  entry: Omit<LedgerEntry, 'state' | 'atGuardMs' | 'amountMsat'>,
  amount: { readonly amountMsat: Msat; readonly feeMsat: Msat },
  caps: readonly Cap[],
  now: number,
): { readonly book: LedgerBook; readonly verdict: ReserveVerdict } {
  const key = ledgerKey(entry.intent, entry.power);
  if (book.has(key)) {
    throw new CodedError('ledger_state', `intent ${entry.intent} has reserved already`);
  }
  const relevant = caps.filter((cap) => capCovers(cap, entry));
  const uses = relevant.map((cap) => capUse(book, cap, now));
  const verdict = judgeReserve(amount.amountMsat, amount.feeMsat, uses);
  if (!verdict.ok) {
    return { book, verdict };
  }
  const amountMsat = (amount.amountMsat + amount.feeMsat) as Msat;
  const next = new Map(book);
  next.set(key, { ...entry, amountMsat, state: 'reserved', atGuardMs: now });
  return { book: next, verdict };
}

/** Carries a change of an entry into the book. Throws CodedError `ledger_state`. */
export function settleEntry(
  book: LedgerBook,
  key: string,
  change: LedgerChange,
  now: number,
): LedgerBook {
  const entry = book.get(key);
  if (entry === undefined) {
    throw new CodedError('ledger_state', `there is no reservation ${key}`);
  }
  return new Map(book).set(key, changeEntry(entry, change, now));
}
