import { RECORD_DAYS } from '../limits.ts';

/** Milliseconds of a day of guard time; days are counted from its origin, not from midnight. */
export const DAY_MS = 86_400_000;

/** One value for each of the last days, by the day's number; older ones are dropped. */
export type Days<T> = ReadonlyMap<number, T>;

/** The day that guard time `now` falls in. */
export function dayOf(now: number): number {
  return Math.floor(now / DAY_MS);
}

/** `days` with `change` applied to the day `day`, and what is older than 30 days dropped. */
export function onDay<T>(
  days: Days<T>,
  day: number,
  change: (before: T | undefined) => T,
): Days<T> {
  const next = new Map([...days].filter(([one]) => one > day - RECORD_DAYS));
  return next.set(day, change(next.get(day)));
}

/** The values of the last `count` days, that of `now` included. */
export function lastDays<T>(days: Days<T>, now: number, count: number): readonly T[] {
  const today = dayOf(now);
  return [...days].flatMap(([day, value]) => (day > today - count && day <= today ? [value] : []));
}
