import { NOSTR_LIMITS } from './limits.ts';

/** How far back a subscription reaches beyond its cursor, seconds: gift wraps are dated back at random. */
export const LOOKBACK_SECONDS = NOSTR_LIMITS.backdateSeconds + NOSTR_LIMITS.lookbackMarginSeconds;

/**
 * From when on to ask a relay for events, Unix seconds. Without a cursor, or with one that a wrong clock
 * set into the future, it counts from now.
 */
export function subscribeSince(cursor: number | undefined, now: number): number {
  return Math.max(0, Math.min(cursor ?? now, now) - LOOKBACK_SECONDS);
}

/** The stored events that a subscription begins with, page by page; relays give the newest first. */
export interface CatchUp {
  /** Reached back to, Unix seconds. */
  readonly since: number;
  readonly page: number;
  /** Events of the current page. */
  readonly count: number;
  /** Oldest and newest date seen, Unix seconds. */
  readonly oldest: number | undefined;
  readonly newest: number | undefined;
  /** The bound of the current page. */
  readonly until: number | undefined;
}

/** Begins at the newest. */
export function beginCatchUp(since: number): CatchUp {
  return { since, page: 0, count: 0, oldest: undefined, newest: undefined, until: undefined };
}

/** Notes an event of the current page. */
export function caughtEvent(state: CatchUp, createdAt: number): CatchUp {
  return {
    ...state,
    count: state.count + 1,
    oldest: Math.min(state.oldest ?? createdAt, createdAt),
    newest: Math.max(state.newest ?? createdAt, createdAt),
  };
}

/**
 * What follows on the end of a page: another one that ends at `until`, or nothing. A page goes back to
 * the very second at which the last one ended, as that second may hold more; if it brought nothing older,
 * the next one ends a second earlier.
 */
export function nextPage(state: CatchUp): CatchUp | undefined {
  const { oldest, until } = state;
  if (
    oldest === undefined ||
    state.count < (state.page === 0 ? NOSTR_LIMITS.pageSuspect : 1) ||
    state.page >= NOSTR_LIMITS.pages
  ) {
    return undefined;
  }
  const end = until !== undefined && oldest >= until ? until - 1 : oldest;
  return end < state.since
    ? undefined
    : { ...state, page: state.page + 1, count: 0, oldest: end, until: end };
}
