import type { ExecutableOrder } from '../intents/order-intent.ts';
import { EMPTY_LEDGER, type Ledger, observe, truthOf } from './ledger.ts';
import type { Observation } from './observation.ts';
import type { Outcome } from './port.ts';

/** Where an order stands. */
export interface BookEntry {
  readonly order: ExecutableOrder;
  /** `waiting` can be taken back, `handed_out` is being carried out, the others are final. */
  readonly status: 'waiting' | 'handed_out' | 'withdrawn' | 'done' | 'failed';
  /** Unix ms; for people, never for decisions. */
  readonly submittedAt: number;
}

/** All orders that an adapter got, in the sequence of submission, and what was seen of them. */
export interface OrderBook {
  readonly entries: readonly BookEntry[];
  readonly ledger: Ledger;
}

/** A book without orders. */
export const EMPTY_BOOK: OrderBook = { entries: [], ledger: EMPTY_LEDGER };

/** A changed book and the outcome. */
export interface BookStep {
  readonly book: OrderBook;
  readonly outcome: Outcome;
}

const ACCEPTED: Outcome = { kind: 'accepted' };

/** The entry of an order. */
export function entryOf(book: OrderBook, clientOrderId: string): BookEntry | undefined {
  return book.entries.find((entry) => entry.order.clientOrderId === clientOrderId);
}

/** Enters an order, once. */
export function enter(book: OrderBook, order: ExecutableOrder, now: number): BookStep {
  if (entryOf(book, order.clientOrderId) !== undefined) {
    return { book, outcome: { kind: 'known' } };
  }
  const entries = [...book.entries, { order, status: 'waiting' as const, submittedAt: now }];
  return { book: { ...book, entries }, outcome: ACCEPTED };
}

/** Takes a waiting order back; a second time changes nothing. */
export function withdraw(book: OrderBook, clientOrderId: string): BookStep {
  return move(book, clientOrderId, 'withdrawn');
}

/** Marks a waiting order as handed out; a second time changes nothing, so that nothing runs twice. */
export function handOut(book: OrderBook, clientOrderId: string): BookStep {
  return move(book, clientOrderId, 'handed_out');
}

function move(
  book: OrderBook,
  clientOrderId: string,
  status: 'withdrawn' | 'handed_out',
): BookStep {
  const entry = entryOf(book, clientOrderId);
  if (entry === undefined) {
    return { book, outcome: { kind: 'refused', reason: 'unknown_order' } };
  }
  if (entry.status === status) {
    return { book, outcome: { kind: 'known' } };
  }
  if (entry.status !== 'waiting') {
    return { book, outcome: { kind: 'refused', reason: 'too_late' } };
  }
  const entries = book.entries.map((e) => (e === entry ? { ...e, status } : e));
  return { book: { ...book, entries }, outcome: ACCEPTED };
}

/** Withdraws a waiting order and enters another for the same member, target and side. */
export function substitute(
  book: OrderBook,
  clientOrderId: string,
  by: ExecutableOrder,
  now: number,
): BookStep {
  const entry = entryOf(book, clientOrderId);
  if (
    entry !== undefined &&
    (entry.order.member !== by.member ||
      entry.order.target !== by.target ||
      entry.order.side !== by.side)
  ) {
    return { book, outcome: { kind: 'refused', reason: 'not_a_replacement' } };
  }
  if (entryOf(book, by.clientOrderId) !== undefined) {
    return { book, outcome: { kind: 'known' } };
  }
  const withdrawn = withdraw(book, clientOrderId);
  return withdrawn.outcome.kind === 'accepted' ? enter(withdrawn.book, by, now) : withdrawn;
}

/** Learns what was seen. What is done or failed is final; what is unknown stays handed out. */
export function learn(book: OrderBook, observations: readonly Observation[]): OrderBook {
  const ledger = observe(book.ledger, observations);
  const ends = new Map(truthOf(ledger).orders.map((o) => [o.clientOrderId, o.status]));
  const entries = book.entries.map((entry): BookEntry => {
    const status = ends.get(entry.order.clientOrderId);
    return status === 'done' || status === 'failed'
      ? { ...entry, status }
      : status === 'unknown'
        ? { ...entry, status: 'handed_out' }
        : entry;
  });
  return { entries, ledger };
}
